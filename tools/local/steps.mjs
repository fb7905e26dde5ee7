/** Prints what a start does. */

/** A longer step prints its progress. */
const SILENT_MS = 10_000;

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Each step prints one line with its duration. After an abort no step starts or completes. @param {AbortSignal} signal */
export function createStep(signal) {
  /**
   * @template T
   * @param {string} what @param {() => T | Promise<T>} run returns what to add to the line
   * @returns {Promise<T>}
   */
  return async (what, run) => {
    signal.throwIfAborted();
    const begunAt = performance.now();
    const seconds = () => (performance.now() - begunAt) / 1_000;
    const slow = setInterval(() => say(`  ${what}: ${seconds().toFixed(0)} s so far`), SILENT_MS);
    try {
      const result = await run();
      signal.throwIfAborted();
      const detail = typeof result === 'string' ? ` ${result}` : '';
      say(`  ${`${what}${detail}`.padEnd(52)} ${seconds().toFixed(1).padStart(5)} s`);
      return result;
    } finally {
      clearInterval(slow);
    }
  };
}
