import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { accessDenied, connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createHold } from './hold.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Work that fails with these errors, in this order, and then succeeds. */
function failing(...errors: Error[]) {
  const calls: number[] = [];
  return {
    calls,
    work: async () => {
      calls.push(Date.now());
      const error = errors.shift();
      if (error) throw error;
      return 'done';
    },
  };
}

const denials = (count: number): Error[] => Array.from({ length: count }, accessDenied);
const ignore = (): void => undefined;

describe('held work', () => {
  it('is repeated with backoff until AWS allows it', async () => {
    const hold = createHold();
    const { calls, work } = failing(...denials(6));
    const reported: Error[] = [];
    const result = hold.run(work, (denial) => reported.push(denial));
    await jest.advanceTimersByTimeAsync(0);
    expect(hold.denial()).toBe(reported[0]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await result).toBe('done');
    expect(calls.map((at, index) => at - (calls[index - 1] ?? at))).toEqual([
      0, 500, 1_000, 2_000, 4_000, 4_000, 4_000,
    ]);
    expect(reported).toHaveLength(6);
    expect(hold.denial()).toBeUndefined();
  });

  it('is given up with any other error', async () => {
    const hold = createHold();
    const refused = connectionRefused();
    const { work } = failing(accessDenied(), refused);
    const result = hold.run(work, ignore).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(500);
    expect(await result).toBe(refused);
    expect(hold.denial()).toBeUndefined();
  });

  it('is tried once more by a stop, and then fails', async () => {
    const hold = createHold();
    const { calls, work } = failing(...denials(9));
    const result = hold.run(work, ignore).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(0);
    hold.stop();
    expect(await result).toMatchObject({ name: 'AccessDeniedException' });
    expect(calls).toHaveLength(2);
    await expect(hold.run(work, ignore)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

it('only one piece of work is held: others that are denied fail at once, and others that are allowed go on', async () => {
  const hold = createHold();
  const first = failing(accessDenied());
  const second = failing(accessDenied());
  const held = hold.run(first.work, ignore);
  await jest.advanceTimersByTimeAsync(0);
  await expect(hold.run(second.work, ignore)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  expect(hold.denial()).toBeDefined();
  expect(await hold.run(failing().work, ignore)).toBe('done');
  expect(hold.denial()).toBeDefined();
  await jest.advanceTimersByTimeAsync(500);
  expect(await held).toBe('done');
});
