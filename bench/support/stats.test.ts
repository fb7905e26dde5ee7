import { describe, expect, it } from '@jest/globals';
import { createRandom } from '@orderflow/testing/random';
import { median, slope, spreadOf } from './stats.js';

describe('statistics', () => {
  it('uses the middle value as median, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('gives the range of values', () => {
    expect(spreadOf([5, 9, 6])).toEqual({ median: 6, min: 5, max: 9 });
  });

  it('fits a line through scattered points', () => {
    expect(slope([0, 1, 2, 3].map((x) => ({ x, y: 10 + 2 * x })))).toBeCloseTo(2);
    expect(slope([1, -1, -1, 1].map((off, x) => ({ x, y: 3 * x + off })))).toBeCloseTo(3);
    expect(slope([{ x: 1, y: 1 }])).toBeNaN();
  });

  it('draws the same numbers for the same seed, spread over 0 to 1', () => {
    const [first, second] = [createRandom(1), createRandom(1)].map((next) => Array.from({ length: 1_000 }, next));
    expect(first).toEqual(second);
    expect(median(first ?? [])).toBeCloseTo(0.5, 1);
  });
});
