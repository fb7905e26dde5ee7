import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_TOTAL_AMOUNT } from './http/orders.js';
import { sumInCents, toCents } from './money.js';

describe('toCents', () => {
  it('reads every amount with two decimals exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_TOTAL_AMOUNT * 100 }), (cents) => {
        const literal = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
        return toCents(Number(literal)) === cents;
      }),
    );
  });

  it('refuses every amount with a third decimal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 9 }), (cents, third) => {
        const literal = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}${third}`;
        return toCents(Number(literal)) === undefined;
      }),
    );
  });

  it.each([1e-7, 0.001, 1.005, NaN, Infinity, -Infinity, 2 ** 53, 1e300, '1', null, undefined, {}, true])(
    'refuses %p',
    (amount) => {
      expect(toCents(amount)).toBeUndefined();
    },
  );

  it.each([
    [0, 0],
    [0.1, 10],
    [0.07, 7],
    [1.1, 110],
    [19.99, 1999],
    [-1.5, -150],
    [1e10, 1e12],
  ])('%p is %p cents', (amount, cents) => {
    expect(toCents(amount)).toBe(cents);
  });
});

describe('sumInCents', () => {
  it('adds without the errors of binary fractions', () => {
    expect(0.1 * 3).not.toBe(0.3);
    expect(sumInCents([{ quantity: 3, unitPrice: 0.1 }])).toBe(30);
    expect(sumInCents(Array.from({ length: 100 }, () => ({ quantity: 10_000, unitPrice: 1_000_000 })))).toBe(1e14);
  });

  it.each([
    { quantity: 1, unitPrice: 0.001 },
    { quantity: 1.5, unitPrice: 1 },
    { quantity: 0, unitPrice: 1 },
    { quantity: 1, unitPrice: -1 },
    { quantity: NaN, unitPrice: 1 },
  ])('returns undefined if a line is invalid: %p', (line) => {
    expect(sumInCents([{ quantity: 1, unitPrice: 1 }, line])).toBeUndefined();
  });
});
