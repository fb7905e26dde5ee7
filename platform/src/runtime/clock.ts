/**
 * Wall-clock time in epoch ms: for people, ids, leases and outbox markers. It can jump forward and back, so never measure
 * a duration with it. Code that needs the time takes a clock, so that tests control it.
 */
export type Clock = () => number;

/** Ms since the start. Never goes back, even if the wall clock does. */
export type Stopwatch = () => number;

export type Deadline = {
  hasPassed: () => boolean;
  cancel: () => void;
};

/** Measures durations. Its type differs from `Clock`, so that the compiler finds a mix-up. */
export type MonotonicClock = {
  startStopwatch: () => Stopwatch;
  /**
   * A deadline for work in this process. Time in which the process was suspended (SIGSTOP, a laptop that sleeps) does not
   * count: answers may have arrived meanwhile and still have to be read.
   */
  startDeadline: (ms: number, onPassed?: () => void) => Deadline;
};

/** How often a deadline checks whether the process was suspended. */
const SLICE_MS = 1_000;
/** A timer this late means that the process was suspended. */
const LATE_MS = 1_000;

/** @param readMs any clock that only goes forward, from any starting value */
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
        // Never pass right after a suspension. A loop that is late every time is just slow.
        if (isLate && !wasLate) leftMs = Math.max(leftMs, Math.min(ms, SLICE_MS));
        wasLate = isLate;
        if (leftMs > 0) startSlice();
        else onPassed?.();
      }, sliceMs);
      // Only a deadline with a callback keeps the process alive.
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
