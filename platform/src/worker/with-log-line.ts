import type { Clock } from '../clock.js';
import type { Middleware } from './types.js';

/** One line per delivery: its outcome, and everything that the pipeline learned about it. */
export function withLogLine(now: Clock): Middleware {
  return (next) => async (delivery) => {
    const startedAt = now();
    const outcome = await next(delivery);
    const { facts, logger, messageId, receiveCount } = delivery;
    const level = outcome === 'processed' || outcome === 'duplicate' ? 'info' : 'warn';
    logger[level](outcome, { ...facts, outcome, durationMs: now() - startedAt, receiveCount, messageId });
    return outcome;
  };
}
