import type { Clock, MonotonicClock } from '../runtime/clock.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { BreakerState } from './breaker.js';
import type { DeliveryOutcome } from './delivery.js';
import type { Middleware } from './pipeline.js';

const OUTCOMES: readonly DeliveryOutcome[] = ['processed', 'duplicate', 'retry', 'dead-lettered'];
const HANDLING_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];
const AGE_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
const BREAKER_STATES: Record<BreakerState, number> = { closed: 0, 'half-open': 1, open: 2 };

type Clocks = { now: Clock; monotonic: MonotonicClock };

/** Counts deliveries by outcome, and measures how long they took and how long their messages waited. */
export function withMetrics(metrics: Metrics, queue: string, clocks: Clocks): Middleware {
  const { now, monotonic } = clocks;
  const messages = metrics.counter({
    name: 'messages_total',
    help: 'Deliveries, by outcome.',
    labelNames: ['queue', 'outcome'],
  });
  const handling = metrics.histogram({
    name: 'message_handling_seconds',
    help: 'Time from the receive of a message to its outcome.',
    labelNames: ['queue', 'outcome'],
    buckets: HANDLING_SECONDS,
  });
  const age = metrics.histogram({
    name: 'message_age_at_receive_seconds',
    help: 'Time from the send of a message to this receive, including earlier receives.',
    labelNames: ['queue'],
    buckets: AGE_SECONDS,
  });
  // Prometheus computes a rate only if it has seen the zero before the first delivery.
  for (const outcome of OUTCOMES) messages.inc({ queue, outcome }, 0);

  return (next) => async (delivery) => {
    const elapsedMs = monotonic.startStopwatch();
    // The clock of SQS may be ahead of ours.
    age.observe({ queue }, Math.max(0, now() - delivery.sentAt) / 1_000);
    const outcome = await next(delivery);
    messages.inc({ queue, outcome });
    handling.observe({ queue, outcome }, elapsedMs() / 1_000);
    return outcome;
  };
}

/** The state of a queue's polling, read on each scrape. Times in epoch ms. */
export function exposePolling(
  metrics: Metrics,
  queue: string,
  { lastReturnAt, breakerState }: { lastReturnAt: () => number; breakerState: () => BreakerState },
): void {
  metrics.gauge({
    name: 'poller_last_return_timestamp_seconds',
    help: 'Time of the last successful receive call, for the poller with the oldest one.',
    labelNames: ['queue'],
    collect() {
      this.set({ queue }, lastReturnAt() / 1_000);
    },
  });
  metrics.gauge({
    name: 'breaker_state',
    help: 'State of the breaker: 0 closed (polling), 1 half-open (trial), 2 open (paused).',
    labelNames: ['queue'],
    collect() {
      this.set({ queue }, BREAKER_STATES[breakerState()]);
    },
  });
}
