import { createMonotonicClock, type Clock, type MonotonicClock } from '@orderflow/platform/runtime/clock';

/**
 * Durations from a clock that the test moves. Deadline callbacks run in real time, because a test may wait for them.
 */
export function ownedTime(now: Clock): MonotonicClock {
  const { startDeadline } = createMonotonicClock();
  const startStopwatch = () => {
    const startedAt = now();
    return () => now() - startedAt;
  };
  return {
    startStopwatch,
    startDeadline: (ms, onPassed) => {
      const elapsedMs = startStopwatch();
      const { cancel } = startDeadline(ms, onPassed);
      return { hasPassed: () => elapsedMs() >= ms, cancel };
    },
  };
}
