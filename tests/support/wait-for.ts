import { setTimeout } from 'node:timers/promises';

/**
 * Polls until the answer is neither undefined nor false.
 * @throws after `withinMs`, naming `what` and the last error
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const startedAt = performance.now();
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() - startedAt > withinMs)
      throw new Error(`${what} did not happen within ${withinMs} ms`, { cause: lastError });
    await setTimeout(100);
  }
}
