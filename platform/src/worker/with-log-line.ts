import type { MonotonicClock } from '../runtime/clock.js';
import type { Middleware } from './types.js';

/**
 * One line per delivery: its outcome, and everything that the pipeline learned about it. An outage is told of at `warn`
 * once, by the breaker: the messages that met it, however many, are not in trouble themselves.
 */
export function withLogLine(monotonic: MonotonicClock): Middleware {
  return (next) => async (delivery) => {
    const elapsedMs = monotonic.startStopwatch();
    const outcome = await next(delivery);
    const { facts, logger, messageId } = delivery;
    const { attempt, ...learned } = facts;
    const isTrouble = (outcome === 'retry' && facts.outage !== true) || outcome === 'dead-lettered';
    const level = isTrouble ? 'warn' : 'info';
    logger[level](outcome, { ...learned, outcome, durationMs: Math.round(elapsedMs()), attempt, messageId });
    return outcome;
  };
}
