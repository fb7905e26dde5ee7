import type { MonotonicClock } from '../runtime/clock.js';
import type { Middleware } from './pipeline.js';

/**
 * One line per delivery: its outcome and everything that the pipeline learned about it. An outage gets one `warn` from the
 * breaker. The messages that meet it log at `info`, because nothing is wrong with them.
 */
export function withLogLine(monotonic: MonotonicClock): Middleware {
  return (next) => async (delivery) => {
    const elapsedMs = monotonic.startStopwatch();
    const outcome = await next(delivery);
    const { facts, fields, logger, attempt, messageId } = delivery;
    const { type, eventId, correlationId, traceId, ...failure } = facts;
    const isTrouble = (outcome === 'retry' && facts.outage !== true) || outcome === 'dead-lettered';
    logger[isTrouble ? 'warn' : 'info'](outcome, {
      type,
      eventId,
      correlationId,
      traceId,
      ...fields,
      ...failure,
      outcome,
      durationMs: Math.round(elapsedMs()),
      attempt,
      messageId,
    });
    return outcome;
  };
}
