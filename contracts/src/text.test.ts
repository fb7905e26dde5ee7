import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { CORRELATION_ID, IsReference, IsText, IsTextOrNull, TEXT, TRACEPARENT } from './text.js';

class Sample {
  @IsText(5)
  text: unknown = 'a';

  @IsReference()
  reference: unknown = 'a';

  @IsTextOrNull(5)
  cursor: unknown = null;
}

function accepts(property: keyof Sample, value: unknown): boolean {
  return validateSync(Object.assign(new Sample(), { [property]: value })).length === 0;
}

describe('text', () => {
  it.each(['a', 'abcde', ' a ', 'ÄÖÜß', '🫖🫖🫖🫖🫖', '\u00a0x'])('may be %p', (value) => {
    expect(accepts('text', value)).toBe(true);
  });

  it.each([
    '',
    '  ',
    '\u00a0',
    'abcdef',
    '🫖🫖🫖🫖🫖🫖',
    'a\n',
    '\u0000',
    'a\u007f',
    '\u0085',
    '\ud800',
    7,
    null,
    undefined,
    ['a'],
  ])('may not be %p', (value) => {
    expect(accepts('text', value)).toBe(false);
  });

  it('is not blank, by what JavaScript calls blank', () => {
    const blanks = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter((character) =>
      /\s/.test(character),
    );
    expect(blanks.length).toBeGreaterThan(20);
    expect(blanks.filter((blank) => TEXT.test(blank) || TEXT.test(blank + blank))).toEqual([]);
  });

  it('may be null where it says so', () => {
    expect([null, 'abcde', '', 'abcdef', undefined].map((value) => accepts('cursor', value))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('a reference', () => {
  it.each(['a', '7', 'sku-1', 'a.b_c:d@e-f', 'x'.repeat(64)])('may be %p', (value) => {
    expect(accepts('reference', value)).toBe(true);
  });

  it.each(['', '-a', '.a', 'a b', 'a\n', 'ä', 'a/b', 'a#b', 'x'.repeat(65), 7, null, undefined])(
    'may not be %p',
    (value) => {
      expect(accepts('reference', value)).toBe(false);
    },
  );
});

describe('what is taken over from headers', () => {
  it('is bounded and harmless', () => {
    expect(['a', 'c'.repeat(128), 'A-z_0.9:@'].every((id) => CORRELATION_ID.test(id))).toBe(true);
    expect(['', 'a b', 'a\n', 'c'.repeat(129), 'ä'].some((id) => CORRELATION_ID.test(id))).toBe(false);
    expect(TRACEPARENT.test('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')).toBe(true);
    expect(TRACEPARENT.test('00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01')).toBe(false);
    expect(TRACEPARENT.test('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n')).toBe(false);
  });
});
