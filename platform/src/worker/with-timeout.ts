import type { Middleware } from './types.js';

/** The handler did not end in time; its message comes back. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';
}

/** Gives the rest of the pipeline a deadline: its signal is aborted, and nobody waits for it any longer. */
export function withTimeout(timeoutMs: number): Middleware {
  return (next) => async (delivery) => {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new HandlerTimeoutError(`the handler did not end within ${timeoutMs} ms`);
        controller.abort(error);
        reject(error);
      }, timeoutMs);
    });
    try {
      return await Promise.race([next({ ...delivery, signal: controller.signal }), deadline]);
    } finally {
      clearTimeout(timer);
    }
  };
}
