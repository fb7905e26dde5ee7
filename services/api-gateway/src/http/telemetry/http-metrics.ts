import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Clients can send any method. Labels need a bounded set of values. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PROBES = new Set(['/health', '/health/live', '/health/ready', '/metrics']);

/** The route's pattern for labels and log lines. Never the path, which the client chooses. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? '(none)';
}

/** Routes of probes and scrapers: not rate limited, and logged at debug only. */
export function isProbe(request: FastifyRequest): boolean {
  return PROBES.has(routeOf(request));
}

export function createHttpMetrics(metrics: Metrics) {
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = metrics.counter({ name: 'http_requests_total', help: 'Requests that were answered.', labelNames });
  const duration = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames,
    buckets: SECONDS,
  });
  return {
    /** Measures an answered request. */
    measure: (request: FastifyRequest, reply: FastifyReply): void => {
      const method = METHODS.has(request.method) ? request.method : 'other';
      const labels = { method, route: routeOf(request), status: reply.statusCode };
      requests.inc(labels);
      // The duration of a stream only says how long a client watched.
      const isStream = String(reply.getHeader('content-type')).startsWith('text/event-stream');
      if (!isStream) duration.observe(labels, reply.elapsedTime / 1_000);
    },
    /** Counts answers. Those to input that never became a request have no duration. */
    requests,
  };
}

export type HttpMetrics = ReturnType<typeof createHttpMetrics>;
