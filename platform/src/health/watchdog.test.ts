import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startWatchdog } from './watchdog.js';

const LOOK_EVERY_MS = 5_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Runs one check per value. @returns how often the watchdog has called back */
function look(...seen: boolean[]): number {
  const onDead = jest.fn();
  const looks = [...seen];
  const stop = startWatchdog(() => looks.shift() ?? true, onDead);
  jest.advanceTimersByTime(seen.length * LOOK_EVERY_MS);
  stop();
  return onDead.mock.calls.length;
}

describe('the watchdog', () => {
  it.each([
    ['nothing is wrong', [true, true, true], 0],
    ['one check finds it dead, which can happen after a standstill', [true, false, true], 0],
    ['every other check finds it dead', [false, true, false, true, false], 0],
    ['two checks in a row find it dead', [true, false, false], 1],
    ['it stays dead', [false, false, false, false, false], 1],
  ])('when %s, after %j, calls back %i times', (_name, seen, calls) => {
    expect(look(...seen)).toBe(calls);
  });

  it('does nothing once it is stopped', () => {
    const isLive = jest.fn(() => false);
    startWatchdog(isLive, () => undefined)();
    jest.advanceTimersByTime(60_000);
    expect(isLive).not.toHaveBeenCalled();
  });
});
