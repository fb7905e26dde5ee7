import { setTimeout as sleep } from 'node:timers/promises';

/** A round of polling is shorter. A longer gap means that the process was suspended. */
const LONGEST_ROUND_MS = 3_000;

/**
 * A time limit for polling. A suspension, such as laptop sleep, counts as one round only, so that the condition is
 * checked once more.
 * @param {number} ms
 * @param {() => number} [readMs] a clock that only goes forward
 */
export function createPatience(ms, readMs = () => performance.now()) {
  let leftMs = ms;
  let lookedAt = readMs();
  return {
    /** Call it once per round. */
    isOver() {
      const at = readMs();
      leftMs -= Math.min(at - lookedAt, LONGEST_ROUND_MS);
      lookedAt = at;
      return leftMs < 0;
    },
  };
}

/**
 * Asks until the answer is neither undefined nor false, or the time is over. Returns the last answer.
 * @template T
 * @param {() => T | Promise<T>} ask @param {number} withinMs
 * @param {{ everyMs?: number, signal?: AbortSignal | undefined }} [options]
 */
export async function poll(ask, withinMs, { everyMs = 100, signal } = {}) {
  const patience = createPatience(withinMs);
  for (;;) {
    const answer = await ask();
    if (answer || patience.isOver()) return answer;
    await sleep(everyMs, undefined, { signal });
  }
}
