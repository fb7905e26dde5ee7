import type { Refusal, RequestGuard } from '@orderflow/platform/http/request-guard';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem } from '../problems/api-problem.js';
import { routeOf } from '../telemetry/http-metrics.js';
import { sendProblem } from '../problems/problem.filter.js';

/** A page cannot read another origin's events, but its browser would keep the streams open. */
const isEventStream = (request: FastifyRequest): boolean => routeOf(request).endsWith('/events');

function sendRefusal(reply: FastifyReply, request: FastifyRequest, { code, detail }: Refusal): void {
  // Closed, so that the rest of a body that nobody wants is not kept.
  void reply.header('connection', 'close');
  sendProblem(reply, request, new ApiProblem(code, detail));
}

/** Refuses requests before their bodies are read, and before they count for the rate limit or begin a trace. */
export function guardRequests(server: FastifyInstance, guard: RequestGuard): void {
  server.addHook('onRequest', (request, reply, done) => {
    const refusal = guard(request.raw, { ownOriginOnly: isEventStream(request) });
    if (refusal) sendRefusal(reply, request, refusal);
    else done();
  });
}
