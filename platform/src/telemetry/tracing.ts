import { connect } from 'node:net';
import type { MonotonicClock } from '../runtime/clock.js';
import type { ProcessEnv } from '../runtime/config.js';
import type { Logger } from '../runtime/logger.js';
import { within } from '../runtime/within.js';
import type { startExporting } from './exporting.js';

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
  /** Ignores the parent's sampling decision and makes a new one, because the sender is not trusted. */
  ignoresFlags?: boolean;
  attributes?: Attributes;
};

export type Tracer = { start(name: string, span: SpanStart): Span };

/**
 * Use `tracing.tracer?.start(…)`: its arguments cost nothing while tracing is off. Contexts are passed explicitly, because
 * an ambient one would slow down every promise.
 */
export type Tracing = { readonly tracer: Tracer | undefined };

export type TracingEnv = Pick<ProcessEnv, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_TRACES_SAMPLER_ARG' | 'STAGE'>;

export type RunningTracing = Tracing & {
  /** Exports the waiting spans, within a time limit. */
  stop(): Promise<void>;
};

export const NO_TRACING: RunningTracing = { tracer: undefined, stop: () => Promise.resolve() };

const LOOK_EVERY_MS = 30_000;
/** A receiver that hangs must not delay the end of the process. */
const STOP_WITHIN_MS = 1_500;

const CONNECT_WITHIN_MS = 2_000;

/** Whether a TCP connection to the URL's host and port can be opened. Does not keep the process alive. */
function isListening({ protocol, hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const defaultPort = protocol === 'https:' ? 443 : 80;
    // Only a URL puts an IPv6 address in brackets.
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: port === '' ? defaultPort : Number(port) });
    const answer = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.unref();
    socket.setTimeout(CONNECT_WITHIN_MS, answer(false));
    socket.on('connect', answer(true));
    socket.on('error', answer(false));
  });
}

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
  let exporting: ReturnType<typeof startExporting> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function look(url: URL): Promise<void> {
    try {
      if (await isListening(url)) {
        const { startExporting } = await import('./exporting.js');
        if (stopped) return;
        exporting = startExporting(url, env, { service, logger });
        logger.info('tracing', { endpoint: url.origin, ratio: env.OTEL_TRACES_SAMPLER_ARG });
      } else if (!stopped) {
        timer = setTimeout(() => void look(url), lookEveryMs).unref();
      }
    } catch (err) {
      logger.error('tracing cannot start', { err });
    }
  }
  if (endpoint !== undefined) void look(new URL(endpoint));

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
