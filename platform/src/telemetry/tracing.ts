import type { MonotonicClock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import { within } from '../runtime/within.js';
import { isListening } from './is-listening.js';

/** Names as in the semantic conventions: https://opentelemetry.io/docs/specs/semconv/ */
export type Attributes = Record<string, string | number | boolean | undefined>;

/** Work that is being recorded. Nothing but `end` records it: a span that is dropped leaves no trace. */
export type Span = {
  /** W3C Trace Context, for whatever the work causes. */
  readonly traceparent: string;
  /** Those that are undefined are left out. */
  set(attributes: Attributes): void;
  /** The work went wrong. @param type a class of failures, of few values */
  fail(type: string, exception?: { name: string; message: string; stack?: string }): void;
  end(): void;
};

export type SpanStart = {
  kind: 'server' | 'producer' | 'consumer';
  /** traceparent of the span above; without one the span begins a trace. */
  parent: string | undefined;
  attributes?: Attributes;
};

export type Tracer = { start(name: string, span: SpanStart): Span };

/**
 * Asked by `tracing.tracer?.start(…)`, so that nothing is even put together while nobody traces. Contexts are handed on by
 * hand: there is no ambient one that every promise would have to pay for.
 */
export type Tracing = { readonly tracer: Tracer | undefined };

/** What exports spans, once it is loaded. */
export type Exporting = {
  tracer: Tracer;
  /** Sends what is waiting, and nothing afterwards. */
  stop(): Promise<void>;
};

type TracingEnv = {
  /** Absent: no tracing. */
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  OTEL_TRACES_SAMPLER_ARG: number;
  STAGE: string;
};

export type RunningTracing = Tracing & {
  /** Sends what is waiting, but not for long. */
  stop(): Promise<void>;
};

export const NO_TRACING: RunningTracing = { tracer: undefined, stop: () => Promise.resolve() };

const LOOK_EVERY_MS = 30_000;
/** A receiver that hangs must not hold the process up. */
const STOP_WITHIN_MS = 1_500;

type Options = {
  service: string;
  logger: Logger;
  monotonic: MonotonicClock;
  lookEveryMs?: number;
  stopWithinMs?: number;
};

/**
 * Begins to trace when something listens at the endpoint, now or later: a receiver may be added to a running system.
 * Until then, and without an endpoint for ever, the SDK is not loaded.
 */
export function startTracing(
  env: TracingEnv,
  { service, logger, monotonic, lookEveryMs = LOOK_EVERY_MS, stopWithinMs = STOP_WITHIN_MS }: Options,
): RunningTracing {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = env;
  let exporting: Exporting | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function look(url: URL): Promise<void> {
    if (await isListening(url)) {
      const { startExporting } = await import('./exporting.js');
      if (stopped) return;
      const { OTEL_TRACES_SAMPLER_ARG: ratio, STAGE: stage } = env;
      exporting = startExporting({ endpoint: url, ratio, service, stage, logger });
      logger.info('tracing', { endpoint: url.origin, ratio });
    } else if (!stopped) {
      timer = setTimeout(keepLooking, lookEveryMs, url).unref();
    }
  }
  function keepLooking(url: URL): void {
    look(url).catch((err: unknown) => {
      logger.error('tracing cannot begin', { err });
    });
  }
  if (endpoint !== undefined) keepLooking(new URL(endpoint));

  return {
    get tracer() {
      return exporting?.tracer;
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      if (!exporting) return;
      await within(exporting.stop(), { ms: stopWithinMs, monotonic, onLate: () => undefined });
    },
  };
}
