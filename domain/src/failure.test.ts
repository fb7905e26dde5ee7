import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { storedFailure, toFailure } from './failure.js';
import { Failure } from '@orderflow/contracts';

/** Any code point, lone surrogates included. fast-check's own `binary` takes seconds to make. */
const anyCharacter = fc.nat(0x10ffff).map((code) => String.fromCodePoint(code));

const NONE = { code: 'REFUSED', message: 'No reason was given.' };
const of = (code: unknown, message: unknown) => toFailure({ code, message }, NONE);
const problemsOf = (failure: Failure) => validateSync(Object.assign(new Failure(), failure));

describe('the code of a failure from outside', () => {
  it.each([
    ['OUT_OF_STOCK', 'OUT_OF_STOCK'],
    ['out-of-stock', 'OUT_OF_STOCK'],
    ['outOfStock', 'OUT_OF_STOCK'],
    ['  out of stock!  ', 'OUT_OF_STOCK'],
    ['Épuisé', 'EPUISE'],
    ['A__B_', 'A__B_'],
    [404, 'CODE_404'],
    ['4xx', 'CODE_4XX'],
    [7n, 'CODE_7'],
    ['a\u0000b', 'A_B'],
    ['a\ud800b', 'A_B'],
    ['x'.repeat(5_000), 'X'.repeat(64)],
    ['-'.repeat(5_000), 'REFUSED'],
    ['', 'REFUSED'],
    [' \u00a0\t', 'REFUSED'],
    ['🫖', 'REFUSED'],
    ['نفد المخزون', 'REFUSED'],
    [undefined, 'REFUSED'],
    [null, 'REFUSED'],
    [{ code: 'A' }, 'REFUSED'],
    [Symbol('A'), 'REFUSED'],
  ])('%p becomes %s', (given, code) => {
    expect(of(given, 'x').code).toBe(code);
  });
});

describe('the message of a failure from outside', () => {
  it.each([
    ['None left.', 'None left.'],
    [' padded ', ' padded '],
    ['two\r\nlines', 'two lines'],
    ['\u001b[31mred', '[31mred'],
    ['half \ud83e', 'half \ufffd'],
    ['\u202eright to left', '\u202eright to left'],
    ['x'.repeat(5_000), 'x'.repeat(1_000)],
    ['🫖'.repeat(5_000), '🫖'.repeat(1_000)],
    [` a${'🫖'.repeat(5_000)}`, `a${'🫖'.repeat(999)}`],
    [12.5, '12.5'],
    [false, 'false'],
    ['\n\n', 'No reason was given.'],
    ['\u2003', 'No reason was given.'],
    ['', 'No reason was given.'],
    [undefined, 'No reason was given.'],
    [['a'], 'No reason was given.'],
  ])('%p becomes %p', (given, message) => {
    expect(of('A', given).message).toBe(message);
  });
});

const anything = fc.oneof(
  fc.anything({ withBigInt: true, withNullPrototype: true }),
  fc.string({ unit: anyCharacter, maxLength: 3_000 }),
  // Lone surrogates, too.
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

describe('a failure from outside', () => {
  it('becomes valid in whatever form it came', () => {
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.record({ code: anything, message: anything, retriable: anything })),
        (value) => {
          expect(problemsOf(storedFailure(value))).toEqual([]);
        },
      ),
    );
  });

  it('is not changed again, so a republished event stays the same', () => {
    fc.assert(
      fc.property(anything, anything, fc.boolean(), (code, message, cancelled) => {
        const once = toFailure({ code, message, retriable: true, cancelled }, NONE);
        expect(storedFailure(once)).toEqual(once);
      }),
    );
  });
});
