import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createMonotonicClock } from './clock.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['performance'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A process whose clock the test moves. Timers are late after a suspension. */
function createProcess() {
  let ms = 5_000;
  const clock = createMonotonicClock(() => ms);
  const run = (forMs: number): void => {
    for (let n = 0; n < forMs; n++) {
      ms += 1;
      jest.advanceTimersByTime(1);
    }
  };
  const standStill = (forMs: number): void => {
    ms += forMs;
  };
  return { clock, run, standStill };
}

describe('a stopwatch', () => {
  it('measures the time since its start, suspensions included', () => {
    const { clock, run, standStill } = createProcess();
    const elapsedMs = clock.startStopwatch();
    expect(elapsedMs()).toBe(0);
    run(20);
    standStill(90_000);
    expect(elapsedMs()).toBe(90_020);
  });
});

describe('a deadline', () => {
  it.each([1, 999, 1_000, 1_001, 25_000])('of %i ms passes on time and calls back once', (ms) => {
    const { clock, run } = createProcess();
    const onPassed = jest.fn();
    const deadline = clock.startDeadline(ms, onPassed);
    run(ms - 1);
    expect([deadline.hasPassed(), onPassed.mock.calls.length]).toEqual([false, 0]);
    run(1);
    run(60_000);
    expect([deadline.hasPassed(), onPassed.mock.calls.length]).toEqual([true, 1]);
  });

  it('does not call back once it is cancelled', () => {
    const { clock, run } = createProcess();
    const onPassed = jest.fn();
    const deadline = clock.startDeadline(1_500, onPassed);
    run(1_200);
    deadline.cancel();
    run(10_000);
    expect([deadline.hasPassed(), onPassed.mock.calls.length]).toEqual([false, 0]);
  });

  it('does not pass during or right after a suspension', () => {
    const milliseconds = fc.integer({ min: 1, max: 5_000 });
    fc.assert(
      fc.property(milliseconds, milliseconds, fc.integer({ min: 2_001, max: 1e8 }), (ms, ranMs, stoodMs) => {
        fc.pre(ranMs < ms);
        const { clock, run, standStill } = createProcess();
        const deadline = clock.startDeadline(ms);
        run(ranMs);
        standStill(stoodMs);
        run(Math.min(ms, 1_000) - 1);
        expect(deadline.hasPassed()).toBe(false);
        run(ms + 1_000);
        expect(deadline.hasPassed()).toBe(true);
        jest.clearAllTimers();
      }),
      { numRuns: 60 },
    );
  });

  it('passes even if every timer is late', () => {
    const { clock, run, standStill } = createProcess();
    const deadline = clock.startDeadline(5_000);
    for (let n = 0; n < 10 && !deadline.hasPassed(); n++) {
      standStill(3_000);
      run(1_000);
    }
    expect(deadline.hasPassed()).toBe(true);
  });
});
