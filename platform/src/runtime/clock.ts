/**
 * Wall-clock time in epoch ms: for people, ids, leases and outbox markers. It can jump, forward and back, so it measures
 * no duration. Everything that needs the time takes a clock, so that tests own it.
 */
export type Clock = () => number;

/** Ms since it was started. Never goes back, whatever is done to the wall clock. */
export type Stopwatch = () => number;

export type Deadline = {
  hasPassed: () => boolean;
  cancel: () => void;
};

/** Measures durations. Of another shape than `Clock`, so that the compiler tells them apart. */
export type MonotonicClock = {
  startStopwatch: () => Stopwatch;
  /**
   * A deadline for work of this process. Time in which the process stood still (SIGSTOP, a laptop that sleeps) is not
   * counted: timers are late then, and answers that have long arrived are yet to be read.
   */
  startDeadline: (ms: number, onPassed?: () => void) => Deadline;
};

/** A deadline looks this often whether the process runs. */
const SLICE_MS = 1_000;
/** A timer that is so late fired after a standstill. */
const LATE_MS = 1_000;

/** @param readMs any clock that only goes forward; its zero means nothing */
export function createMonotonicClock(readMs: () => number = () => performance.now()): MonotonicClock {
  function startStopwatch(): Stopwatch {
    const startedAt = readMs();
    return () => readMs() - startedAt;
  }

  function startDeadline(ms: number, onPassed?: () => void): Deadline {
    let leftMs = ms;
    let wasLate = false;
    let timer: NodeJS.Timeout;

    function startSlice(): void {
      const sliceMs = Math.min(leftMs, SLICE_MS);
      const elapsedMs = startStopwatch();
      timer = setTimeout(() => {
        const isLate = elapsedMs() > sliceMs + LATE_MS;
        leftMs -= isLate ? sliceMs : Math.max(sliceMs, elapsedMs());
        // Never in the first moment after a standstill; a loop that is late all the time is merely slow.
        if (isLate && !wasLate) leftMs = Math.max(leftMs, Math.min(ms, SLICE_MS));
        wasLate = isLate;
        if (leftMs > 0) startSlice();
        else onPassed?.();
      }, sliceMs);
      // Nobody waits for it.
      if (!onPassed) timer.unref();
    }

    startSlice();
    return {
      hasPassed: () => leftMs <= 0,
      cancel: () => {
        clearTimeout(timer);
      },
    };
  }

  return { startStopwatch, startDeadline };
}
