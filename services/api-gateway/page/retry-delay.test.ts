import { expect, it } from '@jest/globals';
import { retryDelay } from './retry-delay.js';

it('waits twice as long after each failure, up to eight seconds', () => {
  expect([0, 1, 2, 3, 4, 5, 1_000].map((failures) => retryDelay(failures, 1))).toEqual([
    ...[500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000],
  ]);
});

it('spreads the retries of many pages over half of the time', () => {
  expect([0, 0.5, 1].map((random) => retryDelay(1, random))).toEqual([500, 750, 1_000]);
});
