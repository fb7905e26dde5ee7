import type { MonotonicClock } from '../runtime/clock.js';
import { within } from '../runtime/within.js';
import type { Middleware } from './pipeline.js';

/** The handler did not end in time. SQS redelivers its message. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';
}

/** Gives the rest of the pipeline a deadline. When it passes, the signal is aborted and the delivery fails. */
export function withTimeout(timeoutMs: number, monotonic: MonotonicClock): Middleware {
  return (next) => (delivery) => {
    const controller = new AbortController();
    return within(next({ ...delivery, signal: controller.signal }), {
      ms: timeoutMs,
      monotonic,
      onLate: () => {
        const error = new HandlerTimeoutError(`the handler did not end within ${timeoutMs} ms`);
        controller.abort(error);
        throw error;
      },
    });
  };
}
