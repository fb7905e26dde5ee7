import type { Terminal } from '../terminal.js';

type Pace = {
  /** Per second. */
  rate: number;
  /** 0: until Ctrl-C. */
  count: number;
  mostInFlight: number;
};

/** Maximum to catch up after a delay. */
const CATCH_UP_MS = 1_000;

/**
 * Starts work at a steady rate, with at most `mostInFlight` at a time. Resolves when all started work is done. Ctrl-C
 * starts no more.
 */
export async function pace(
  { elapsedMs, pause, signal }: Pick<Terminal, 'elapsedMs' | 'pause' | 'signal'>,
  { rate, count, mostInFlight }: Pace,
  work: (index: number) => Promise<void>,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  let nextAt = elapsedMs();
  const isOver = (index: number) => signal.aborted || (count > 0 && index >= count);
  try {
    for (let index = 0; !isOver(index); index++) {
      if (nextAt > elapsedMs()) await pause(nextAt - elapsedMs());
      if (inFlight.size >= mostInFlight) await Promise.race(inFlight);
      if (isOver(index)) break;
      const done = work(index).finally(() => inFlight.delete(done));
      inFlight.add(done);
      nextAt = Math.max(nextAt + 1_000 / rate, elapsedMs() - CATCH_UP_MS);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  await Promise.all(inFlight);
}
