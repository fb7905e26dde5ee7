import { setImmediate, setTimeout } from 'node:timers/promises';

type Answer<T> = T | undefined | false;

/**
 * Resolves with the first answer that is neither undefined nor false. Asks every `everyMs`, or on every turn of the event
 * loop if `ask` is synchronous.
 * @throws after `withinMs`, naming `what` and the last error
 */
export async function eventually<T>(
  ask: () => Answer<T> | Promise<Answer<T>>,
  what = ask.toString(),
  withinMs = 20_000,
  everyMs = 100,
): Promise<T> {
  const startedAt = performance.now();
  let lastError: unknown;
  let pause: () => Promise<unknown> = setImmediate;
  for (;;) {
    try {
      const asked = ask();
      if (asked instanceof Promise) pause = () => setTimeout(everyMs);
      const answer = await asked;
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() - startedAt > withinMs)
      throw new Error(`${what} did not happen within ${withinMs} ms`, { cause: lastError });
    await pause();
  }
}
