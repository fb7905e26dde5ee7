import { afterEach, beforeEach, jest } from '@jest/globals';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { createRecordingLogger } from './recording-logger.js';
import { createBreaker, type Pass } from '@orderflow/platform/worker/breaker';

export const FIRST_DELAY_MS = 500;
export const TRIAL_PATIENCE_MS = 3_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

export function createFakeBreaker() {
  const log = createRecordingLogger();
  const away = { error: undefined as Error | undefined };
  const probe = jest.fn(async () => {
    if (away.error) throw away.error;
  });
  const breaker = createBreaker({ probe, logger: log.logger, monotonic: createMonotonicClock() });
  /** Enters the breaker. The result shows whether a pass was granted so far. */
  const waiting = () => {
    const seen: { pass?: Pass | undefined; granted: boolean } = { granted: false };
    void breaker.enter().then((pass) => Object.assign(seen, { pass, granted: true }));
    return seen;
  };
  return { breaker, probe, away, log, waiting, after: (ms: number) => jest.advanceTimersByTimeAsync(ms) };
}
