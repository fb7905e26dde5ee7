import type { Refusal, RequestGuard } from '@orderflow/platform/http/request-guard';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem } from '../problems/api-problem.js';
import { routeOf } from '../telemetry/http-metrics.js';
import { sendProblem } from '../problems/problem.filter.js';

/** A foreign page cannot read our events, but its browser would keep the streams open. */
const isEventStream = (request: FastifyRequest): boolean => routeOf(request).endsWith('/events');

function sendRefusal(reply: FastifyReply, request: FastifyRequest, { code, detail }: Refusal): void {
  // Close the connection, so that the rest of the body is not received.
  void reply.header('connection', 'close');
  sendProblem(reply, request, new ApiProblem(code, detail));
}

/** Rejects requests before their bodies are read, the rate limit counts them, or a trace begins. */
export function guardRequests(server: FastifyInstance, guard: RequestGuard): void {
  server.addHook('onRequest', (request, reply, done) => {
    const refusal = guard(request.raw, { ownOriginOnly: isEventStream(request) });
    if (refusal) sendRefusal(reply, request, refusal);
    else done();
  });
}
