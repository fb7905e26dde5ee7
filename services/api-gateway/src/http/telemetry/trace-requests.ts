import {
  formatTraceparent,
  newTraceparent,
  parseTraceparent,
  type TraceContext,
} from '@orderflow/platform/telemetry/traceparent';
import type { Tracing } from '@orderflow/platform/telemetry/tracing';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from '../requests/request-path.js';
import { whenOver } from '../connections/when-over.js';
import { createTrustedPeers } from './trusted-peers.js';

declare module 'fastify' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- merged with Fastify's own
  interface FastifyRequest {
    /** W3C Trace Context of the request. Always set, even when no trace is recorded. */
    traceparent: string;
  }
}

/** The client's span. Its flags count only if a trusted proxy passes it on: a client must not choose what is recorded. */
type Parent = { traceparent: string; isTrusted: boolean };

function startSpan(tracing: Tracing, request: FastifyRequest, reply: FastifyReply, parent: Parent | undefined) {
  const { method, protocol, routeOptions } = request;
  const route = routeOptions.url;
  // Only the API's routes are traced: no documents, probes, scrapes or unknown paths.
  if (!route?.startsWith('/api/')) return undefined;
  const span = tracing.tracer?.start(`${method} ${route}`, {
    kind: 'server',
    parent: parent?.traceparent,
    ignoresFlags: parent?.isTrusted === false,
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

/** The context of a request whose span is not recorded. */
function unrecorded(above: TraceContext | undefined, isTrusted: boolean): string {
  if (!above) return newTraceparent();
  return formatTraceparent(isTrusted ? above : { ...above, flags: 0 });
}

/**
 * Places each request in a trace: the client's if it sent one, otherwise a new one.
 * @param trustProxy TRUST_PROXY, whose proxies decide whether a trace is recorded
 */
export function traceRequests(server: FastifyInstance, tracing: Tracing, trustProxy: string | undefined): void {
  const isTrustedPeer = createTrustedPeers(trustProxy);
  server.decorateRequest('traceparent', '');
  server.addHook('onRequest', (request, reply, done) => {
    const above = parseTraceparent(request.headers.traceparent);
    const isTrusted = above !== undefined && isTrustedPeer(request.raw.socket.remoteAddress);
    const parent = above && { traceparent: formatTraceparent(above), isTrusted };
    request.traceparent = startSpan(tracing, request, reply, parent)?.traceparent ?? unrecorded(above, isTrusted);
    done();
  });
}
