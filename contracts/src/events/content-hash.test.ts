import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, CONTENT_HASH, contentHashOf } from './content-hash.js';

const options = { numRuns: 300 };
/** Arbitrary JSON, and more than an event's data may contain: all strings, all numbers, absent properties. */
const data = fc.dictionary(
  fc.string({ unit: 'binary' }),
  fc.anything({ withDate: false, withNullPrototype: true, values: [fc.string({ unit: 'binary' }), fc.double()] }),
);

const roundTrip = (value: object): object => JSON.parse(JSON.stringify(value)) as object;

/** The same members in the opposite order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reordered(child)]),
  );
}

describe('the content hash', () => {
  it('is SHA-256 of the JSON with sorted keys, in base64url', () => {
    const text = '{"a":[1.5,null],"b":{"c":"é😀","d":true}}';
    const expected = createHash('sha256').update(text).digest('base64url');
    expect(contentHashOf({ b: { d: true, c: 'é😀' }, a: [1.5, null] })).toBe(expected);
    expect(expected).toMatch(CONTENT_HASH);
  });

  it('is the same after a JSON round trip', () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(contentHashOf(roundTrip(value))).toBe(contentHashOf(value));
      }),
      options,
    );
  });

  it('does not depend on the order of the keys', () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(contentHashOf(reordered(roundTrip(value)) as object)).toBe(contentHashOf(value));
      }),
      options,
    );
  });

  it('is the same for a class instance and for absent properties', () => {
    class Part {
      name = 'a';
      note?: string = undefined;
    }
    expect(contentHashOf({ parts: [new Part()], gone: undefined })).toBe(contentHashOf({ parts: [{ name: 'a' }] }));
  });

  it.each([
    ['another value', { a: 1, b: '2' }],
    ['another type of a value', { a: '1', b: 2 }],
    ['a missing property', { a: 1 }],
    ['one more property', { a: 1, b: 2, c: 3 }],
    ['a value under another key', { b: 1, a: 2 }],
    ['null for a value', { a: 1, b: null }],
  ])('differs for %s', (_what, other) => {
    expect(contentHashOf(other)).not.toBe(contentHashOf({ a: 1, b: 2 }));
  });

  it('distinguishes lists from their elements, and the order of elements', () => {
    const texts = [[], [[]], [1, 2], [2, 1], ['1,2'], {}, [{}], '', null].map(canonicalJson);
    expect(new Set(texts).size).toBe(texts.length);
  });
});
