import { createHmac, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createContextKey,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes as OtelAttributes,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
  TraceIdRatioBasedSampler,
  type Sampler,
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

const IGNORES_FLAGS = createContextKey('the flags of the parent do not count');

/**
 * Samples traces that start here by the ratio. Other traces keep the decision of their origin, unless the span ignores
 * the flags of its parent: then the ratio decides by a keyed hash of the trace id, because a client that chose the id
 * could foresee a decision by the id itself.
 */
function createSampler(ratio: number): Sampler {
  const byRatio = new TraceIdRatioBasedSampler(ratio);
  const byParent = new ParentBasedSampler({ root: byRatio });
  const key = randomBytes(32);
  const hashOf = (traceId: string): string => createHmac('sha256', key).update(traceId).digest('hex').slice(0, 32);
  return {
    shouldSample: (context, traceId, ...span) =>
      context.getValue(IGNORES_FLAGS) === true
        ? byRatio.shouldSample(context, hashOf(traceId))
        : byParent.shouldSample(context, traceId, ...span),
    toString: () => byParent.toString(),
  };
}

/**
 * Exports spans in the background. In a separate file, so that the SDK is loaded only when tracing starts.
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
    sampler: createSampler(ratio),
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

  function start(name: string, { kind, parent, ignoresFlags = false, attributes = {} }: SpanStart): Span {
    const above = parseTraceparent(parent);
    const root = ROOT_CONTEXT.setValue(IGNORES_FLAGS, ignoresFlags);
    const context = above
      ? trace.setSpanContext(root, { ...above, traceFlags: above.flags, isRemote: true })
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
