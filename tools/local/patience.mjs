/** One round of a wait takes no longer; more than that is a standstill of the process. */
const LONGEST_ROUND_MS = 3_000;

/**
 * How long a wait that asks again and again may last. Time in which the process stood still, as on a laptop that sleeps,
 * counts as one round: what it waits for may be there by now, and is asked for once more.
 * @param {number} ms
 * @param {() => number} [readMs] a clock that only goes forward
 */
export function createPatience(ms, readMs = () => performance.now()) {
  let leftMs = ms;
  let lookedAt = readMs();
  return {
    /** To be asked once a round. */
    isOver() {
      const at = readMs();
      leftMs -= Math.min(at - lookedAt, LONGEST_ROUND_MS);
      lookedAt = at;
      return leftMs < 0;
    },
  };
}
