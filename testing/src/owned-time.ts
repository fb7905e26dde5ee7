import { createMonotonicClock, type Clock, type MonotonicClock } from '@orderflow/platform/runtime/clock';

/**
 * Durations by a clock that the test moves. What a deadline calls back when it passes, it calls in real time: nothing
 * else moves by itself while a test waits.
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
