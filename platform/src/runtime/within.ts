import type { Deadline, MonotonicClock } from './clock.js';

const LATE = Symbol('late');

/**
 * Waits for work for at most `ms`. A result that comes later is dropped, and so is a late error.
 * @param onLate gives the result, or throws, once the time is up
 */
export async function within<T>(
  work: Promise<T>,
  { ms, monotonic, onLate }: { ms: number; monotonic: Pick<MonotonicClock, 'startDeadline'>; onLate: () => T },
): Promise<T> {
  let deadline: Deadline | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    deadline = monotonic.startDeadline(ms, () => {
      resolve(LATE);
    });
  });
  try {
    const first = await Promise.race([work, late]);
    return first === LATE ? onLate() : first;
  } finally {
    deadline?.cancel();
  }
}
