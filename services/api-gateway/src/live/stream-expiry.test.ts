import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createEventStreams } from '@orderflow/testing/api-gateway/event-streams';

const START = Date.UTC(2027, 2, 14);
const DAY_MS = 86_400_000;

describe('an event stream with a token', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'], now: START });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function open(until?: number) {
    const { body } = createEventStreams().open('order', { key: 'client', until }, () => undefined);
    body.resume();
    return { after: (ms: number) => jest.advanceTimersByTimeAsync(ms), isOpen: () => !body.readableEnded };
  }

  it('ends when the token expires, and not before', async () => {
    // Between two heartbeats.
    const { after, isOpen } = open(START + 907_000);
    await after(906_999);
    expect(isOpen()).toBe(true);
    await after(1);
    expect(isOpen()).toBe(false);
  });

  it('ends within a heartbeat if the token expired while the machine slept', async () => {
    const { after, isOpen } = open(START + 900_000);
    jest.setSystemTime(START + DAY_MS);
    await after(15_000);
    expect(isOpen()).toBe(false);
  });

  it('lives on while the clock says so after it was set back, and ends then', async () => {
    const { after, isOpen } = open(START + 900_000);
    jest.setSystemTime(START - 60_000);
    await after(900_000);
    expect(isOpen()).toBe(true);
    await after(60_000 + 15_000);
    expect(isOpen()).toBe(false);
  });

  it('may outlive the longest timer', async () => {
    const { after, isOpen } = open(START + 40 * DAY_MS);
    await after(1_000);
    // The heartbeat and the expiry. Node would fire a longer timer at once, with a warning.
    expect({ isOpen: isOpen(), timers: jest.getTimerCount() }).toEqual({ isOpen: true, timers: 2 });
    jest.setSystemTime(START + 40 * DAY_MS);
    await after(15_000);
    expect(isOpen()).toBe(false);
  });

  it('stays open for good without one, and with one that never expires', async () => {
    for (const until of [undefined, Infinity]) {
      const { after, isOpen } = open(until);
      await after(DAY_MS / 24);
      expect(isOpen()).toBe(true);
    }
  });
});
