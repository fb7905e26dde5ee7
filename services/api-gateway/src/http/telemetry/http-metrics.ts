import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A client may send any word as the method; a label may not be any word. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PROBES = new Set(['/health', '/health/live', '/health/ready', '/metrics']);

/** What of a request may go into a label or a log line: the route's pattern, never the path. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? '(none)';
}

/** Routes that probes and scrapers call all the time: not limited, and not logged above debug. */
export function isProbe(request: FastifyRequest): boolean {
  return PROBES.has(routeOf(request));
}

type Labels = { method: string; route: string; status: number };

export type HttpMetrics = {
  /** Measures a request once it is answered. */
  measure: (request: FastifyRequest, reply: FastifyReply) => void;
  /** Counts an answer to what never became a request. */
  count: (labels: Labels) => void;
};

export function createHttpMetrics(metrics: Metrics): HttpMetrics {
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = metrics.counter({ name: 'http_requests_total', help: 'Requests that were answered.', labelNames });
  const duration = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request until its answer had left.',
    labelNames,
    buckets: SECONDS,
  });
  return {
    measure: (request, reply) => {
      const method = METHODS.has(request.method) ? request.method : 'other';
      const labels = { method, route: routeOf(request), status: reply.statusCode };
      requests.inc(labels);
      // A stream lasts for as long as somebody watches.
      const isStream = String(reply.getHeader('content-type')).startsWith('text/event-stream');
      if (!isStream) duration.observe(labels, reply.elapsedTime / 1_000);
    },
    count: (labels) => {
      requests.inc(labels);
    },
  };
}
