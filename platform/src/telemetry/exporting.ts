import { hostname } from 'node:os';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes as OtelAttributes } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
  TraceIdRatioBasedSampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import type { Logger } from '../runtime/logger.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';
import type { Attributes, Span, SpanStart, TracingEnv } from './tracing.js';

/** Longest time that a span waits for its batch. */
const BATCH_AFTER_MS = 500;
const MAX_BATCH = 512;
/** Most spans that wait for a slow or missing receiver. Further spans are dropped. */
const MAX_WAITING = 4_096;
const EXPORT_TIMEOUT_MS = 5_000;

const KINDS = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };

/** Logs when exports begin to fail and when they succeed again. */
function observed(exporter: SpanExporter, logger: Logger): SpanExporter {
  let failing = false;
  return {
    export: (spans, done) => {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !failing) logger.warn('traces cannot be exported', { err: result.error });
        if (!failed && failing) logger.info('traces are exported again');
        failing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

const present = (attributes: Attributes): OtelAttributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));

/**
 * Exports spans in the background. In a separate file, so that the SDK is loaded only when tracing starts. The sampling
 * applies to traces that start here; other traces keep the decision of their origin.
 * @param endpoint base URL of an OTLP/HTTP receiver
 */
export function startExporting(
  endpoint: URL,
  { OTEL_TRACES_SAMPLER_ARG: ratio, STAGE: stage }: TracingEnv,
  { service, logger }: { service: string; logger: Logger },
) {
  const url = `${endpoint.href.replace(/\/$/, '')}/v1/traces`;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.namespace': 'orderflow',
      'service.instance.id': `${hostname()}:${process.pid}`,
      'deployment.environment.name': stage,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: observed(new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS }), logger),
        scheduledDelayMillis: BATCH_AFTER_MS,
        maxExportBatchSize: MAX_BATCH,
        maxQueueSize: MAX_WAITING,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('orderflow');

  function start(name: string, { kind, parent, attributes = {} }: SpanStart): Span {
    const above = parseTraceparent(parent);
    const context = above
      ? trace.setSpanContext(ROOT_CONTEXT, { ...above, traceFlags: above.flags, isRemote: true })
      : ROOT_CONTEXT;
    const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: present(attributes) }, context);
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: formatTraceparent({ traceId, spanId, flags: traceFlags }),
      set: (more) => {
        span.setAttributes(present(more));
      },
      fail: (type, exception) => {
        if (exception) span.recordException(exception);
        span.setAttribute('error.type', type);
        span.setStatus({ code: SpanStatusCode.ERROR, message: exception?.message });
      },
      end: () => {
        span.end();
      },
    };
  }

  return {
    tracer: { start },
    /** Exports the waiting spans and no more after that. */
    stop: () =>
      provider.shutdown().catch(() => {
        // `observed` has logged the failure. The service stops anyway.
      }),
  };
}
