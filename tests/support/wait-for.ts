import { setTimeout } from 'node:timers/promises';

/**
 * Asks again until the answer is not undefined.
 * @throws after `withinMs`, naming `what` and the last error
 */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 20_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms`, { cause: lastError });
    await setTimeout(100);
  }
}
