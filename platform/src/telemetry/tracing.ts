import type { MonotonicClock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import { within } from '../runtime/within.js';
import { isListening } from './is-listening.js';

/** Names follow https://opentelemetry.io/docs/specs/semconv/ */
export type Attributes = Record<string, string | number | boolean | undefined>;

/** Work that is being recorded. Only `end` exports it. */
export type Span = {
  /** W3C Trace Context for the work's children. */
  readonly traceparent: string;
  /** Undefined attributes are left out. */
  set(attributes: Attributes): void;
  /** @param type a kind of error, of low cardinality */
  fail(type: string, exception?: { name: string; message: string; stack?: string }): void;
  end(): void;
};

export type SpanStart = {
  kind: 'server' | 'producer' | 'consumer';
  /** traceparent of the parent span; undefined starts a new trace. */
  parent: string | undefined;
  attributes?: Attributes;
};

export type Tracer = { start(name: string, span: SpanStart): Span };

/**
 * Use `tracing.tracer?.start(…)`: its arguments cost nothing while tracing is off. Contexts are passed explicitly, because
 * an ambient one would slow down every promise.
 */
export type Tracing = { readonly tracer: Tracer | undefined };

export type Exporting = {
  tracer: Tracer;
  /** Exports the waiting spans and no more after that. */
  stop(): Promise<void>;
};

type TracingEnv = {
  /** Absent: no tracing. */
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  OTEL_TRACES_SAMPLER_ARG: number;
  STAGE: string;
};

export type RunningTracing = Tracing & {
  /** Exports the waiting spans, within a time limit. */
  stop(): Promise<void>;
};

export const NO_TRACING: RunningTracing = { tracer: undefined, stop: () => Promise.resolve() };

const LOOK_EVERY_MS = 30_000;
/** A receiver that hangs must not delay the end of the process. */
const STOP_WITHIN_MS = 1_500;

type Options = {
  service: string;
  logger: Logger;
  monotonic: MonotonicClock;
  lookEveryMs?: number;
  stopWithinMs?: number;
};

/**
 * Starts tracing once something listens at the endpoint, so a receiver can be added to a running system. The SDK is not
 * loaded before that.
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
      logger.error('tracing cannot start', { err });
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
