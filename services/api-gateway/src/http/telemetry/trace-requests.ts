import { formatTraceparent, newTraceparent, parseTraceparent } from '@orderflow/platform/telemetry/traceparent';
import type { Tracing } from '@orderflow/platform/telemetry/tracing';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from '../requests/request-path.js';
import { whenOver } from '../connections/when-over.js';

declare module 'fastify' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- merged with Fastify's own
  interface FastifyRequest {
    /** W3C Trace Context of the request. Always set, even when no trace is recorded. */
    traceparent: string;
  }
}

function startSpan(tracing: Tracing, request: FastifyRequest, reply: FastifyReply, parent: string | undefined) {
  const { method, protocol, routeOptions } = request;
  const route = routeOptions.url;
  // Only the API's routes are traced: no documents, probes, scrapes or unknown paths.
  if (!route?.startsWith('/api/')) return undefined;
  const span = tracing.tracer?.start(`${method} ${route}`, {
    kind: 'server',
    parent,
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'url.path': pathOf(request),
      'url.scheme': protocol,
    },
  });
  if (!span) return undefined;
  // onResponse does not run for clients that leave before their answer.
  whenOver(reply, () => {
    span.set({ 'http.response.status_code': reply.statusCode, 'orderflow.correlation_id': request.id });
    if (reply.statusCode >= 500) span.fail(String(reply.statusCode));
    span.end();
  });
  return span;
}

/** Places each request in a trace: the client's if it sent one, otherwise a new one. */
export function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  server.decorateRequest('traceparent', '');
  server.addHook('onRequest', (request, reply, done) => {
    const above = parseTraceparent(request.headers.traceparent);
    const given = above && formatTraceparent(above);
    request.traceparent = startSpan(tracing, request, reply, given)?.traceparent ?? given ?? newTraceparent();
    done();
  });
}
