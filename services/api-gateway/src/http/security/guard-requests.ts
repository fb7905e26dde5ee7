import type { RequestGuard } from '@orderflow/platform/http/request-guard';
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from '../problems/api-problem.js';
import { routeOf } from '../telemetry/http-metrics.js';

/** Rejects requests before their bodies are read, the rate limit counts them, or a trace begins. */
export function guardRequests(server: FastifyInstance, guard: RequestGuard): void {
  server.addHook('onRequest', (request, reply, done) => {
    // A foreign page cannot read our events, but its browser would keep the streams open.
    const refusal = guard(request.raw, { ownOriginOnly: routeOf(request).endsWith('/events') });
    // Close the connection, so that the rest of the body is not received.
    if (refusal) void reply.header('connection', 'close');
    done(refusal && new ApiProblem(refusal.code, refusal.detail));
  });
}
