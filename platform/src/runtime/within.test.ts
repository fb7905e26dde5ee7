import { describe, expect, it } from '@jest/globals';
import { createMonotonicClock } from './clock.js';
import { within } from './within.js';

const monotonic = createMonotonicClock();
const never = new Promise<string>(() => undefined);
const lateAs = (onLate: () => string) => ({ ms: 5, monotonic, onLate });
const fail = () => {
  throw new Error('too late');
};

describe('within', () => {
  it('returns the result or the error of work that ends in time', async () => {
    const inTime = { ms: 60_000, monotonic, onLate: fail };
    expect(await within(Promise.resolve('done'), inTime)).toBe('done');
    await expect(within(Promise.reject(new Error('no')), inTime)).rejects.toThrow('no');
  });

  it('returns or throws what onLate does once the time is up', async () => {
    expect(
      await within(
        never,
        lateAs(() => 'nothing yet'),
      ),
    ).toBe('nothing yet');
    await expect(within(never, lateAs(fail))).rejects.toThrow('too late');
  });

  it('drops an error that comes after the deadline', async () => {
    let reject: (error: Error) => void = () => undefined;
    const work = new Promise<string>((_, giveUp) => {
      reject = giveUp;
    });
    expect(
      await within(
        work,
        lateAs(() => 'nothing yet'),
      ),
    ).toBe('nothing yet');
    reject(new Error('an unhandled rejection would fail this test'));
  });
});
