import { describe, expect, it } from '@jest/globals';
import { age, counted, duration, money, shortId } from './format.js';

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_234, '1.23 s'],
    [12_345, '12.3 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
  ])('of %d ms is %s', (ms, said) => {
    expect(duration(ms)).toBe(said);
  });
});

describe('an age', () => {
  it.each([
    [-50, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [7_200_000, '2 h'],
    [172_800_000, '2 d'],
  ])('of %d ms is %s', (ms, said) => {
    expect(age(ms)).toBe(said);
  });
});

describe('other values', () => {
  it('are formatted for people', () => {
    expect([money(12.5), money(1_234_567.8)]).toEqual(['12.50', '1,234,567.80']);
    expect([counted(1, 'order'), counted(0, 'order'), counted(1_200, 'order')]).toEqual([
      '1 order',
      '0 orders',
      '1,200 orders',
    ]);
    expect(shortId('01a1fe4b-0fb2-72ef-a6da-816639a2493b')).toBe('…39a2493b');
  });
});
