import type { Deadline, MonotonicClock } from '../runtime/clock.js';
import type { Middleware } from './types.js';

/** The handler did not end in time; its message comes back. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';
}

/** Gives the rest of the pipeline a deadline: its signal is aborted, and nobody waits for it any longer. */
export function withTimeout(timeoutMs: number, monotonic: MonotonicClock): Middleware {
  return (next) => async (delivery) => {
    const controller = new AbortController();
    let deadline: Deadline | undefined;
    const late = new Promise<never>((_, reject) => {
      deadline = monotonic.startDeadline(timeoutMs, () => {
        const error = new HandlerTimeoutError(`the handler did not end within ${timeoutMs} ms`);
        controller.abort(error);
        reject(error);
      });
    });
    try {
      return await Promise.race([next({ ...delivery, signal: controller.signal }), late]);
    } finally {
      deadline?.cancel();
    }
  };
}
