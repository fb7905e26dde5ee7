import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A client may send any word as the method; a label may not be any word. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What of a request may go into a label or a log line: the route's pattern, never the path. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? '(none)';
}

/** Measures a request once it is answered. */
export function createHttpMetrics(metrics: Metrics): (request: FastifyRequest, reply: FastifyReply) => void {
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = metrics.counter({ name: 'http_requests_total', help: 'Requests that were answered.', labelNames });
  const duration = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request until its answer had left.',
    labelNames,
    buckets: SECONDS,
  });
  return (request, reply) => {
    const method = METHODS.has(request.method) ? request.method : 'other';
    const labels = { method, route: routeOf(request), status: reply.statusCode };
    requests.inc(labels);
    // A stream lasts for as long as somebody watches.
    const isStream = String(reply.getHeader('content-type')).startsWith('text/event-stream');
    if (!isStream) duration.observe(labels, reply.elapsedTime / 1_000);
  };
}
