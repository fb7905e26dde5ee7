import { describe, expect, it } from '@jest/globals';
import { convertToAttr } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { propertySeed } from '@orderflow/testing/hostile-bodies';
import { toAttributeValue } from './attribute-values.js';

function outcomeOf(convert: () => unknown): unknown {
  try {
    return convert();
  } catch (error) {
    return error;
  }
}

describe('an attribute value', () => {
  it('is what util-dynamodb makes of anything that JSON can hold, or refuses', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(outcomeOf(() => toAttributeValue(value))).toEqual(outcomeOf(() => convertToAttr(value)));
      }),
      { numRuns: 1_000, ...propertySeed(process.env) },
    );
  });

  it.each([
    [{ at: '2026-01-01', version: 1, retriable: false, none: null }],
    [Object.assign(Object.create(null) as object, { a: [1, { b: 2.5 }] })],
    [new Set(['a', 'b'])],
    [new Uint8Array([1, 2])],
    [12n],
  ])('is what util-dynamodb makes of %p', (value) => {
    expect(toAttributeValue(value)).toEqual(convertToAttr(value));
  });

  it.each([
    ['a value that is none', undefined],
    ['one inside', { a: [{ b: undefined }] }],
    ['a number that is none', Number.NaN],
    ['a number without an end', { a: Number.POSITIVE_INFINITY }],
    ['a number that would lose digits', 2 ** 53],
    ['an instance of a class', { at: new Date(0) }],
  ])('is refused for %s', (_, value: unknown) => {
    expect(() => toAttributeValue(value)).toThrow();
  });
});
