import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { CORRELATION_ID, IsReference, IsText, IsTextOrNull, toText, toTraceparent, TRACEPARENT } from './text.js';

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

  it('has a visible character, as Unicode classifies them', () => {
    const isTaken = (character: string): boolean => toText(character, 5, 'refused') === character;
    const invisible = /[\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}]/u;
    const characters = Array.from({ length: 0x11_0000 }, (_, code) => String.fromCodePoint(code));
    const blank = characters.filter((character) => invisible.test(character));
    expect(blank.length).toBeGreaterThan(10_000);
    expect(blank.filter(isTaken)).toEqual([]);
    // The other characters are visible; these five are blank, like their names.
    const refused = characters.filter((character) => !invisible.test(character) && !isTaken(character));
    expect(refused).toEqual(['\u2800', '\ufffc', '\u{13441}', '\u{13442}', '\u{1d159}']);
  });

  it.each([
    ...['\u200b', '\u2800', '\u3164', '\u00ad', '\u034f', '\u061c', '\u115f\u1160', '\u180e', '\u2060', '\u2063\u2064'],
    ...['\u0301', '\u20dd', '\ufe0f', '\u{e0100}', '\u{e0041}\u{e007f}', '\uffa0', '\ufeff', '\ue000', '\u202e'],
    ...['\u{1d173}', '\u{1d159}', '\u{13441}', '\u2028', '\u2029', '\u200d\u200d', ' \u200b \u2800 \u3164 ', '\ufffc'],
  ])('may not consist of %j alone, but may contain it', (text) => {
    expect(accepts('text', text.slice(0, 5))).toBe(false);
    expect(accepts('text', `${Array.from(text)[0] ?? ''}a`)).toBe(true);
  });

  it.each(['é', 'e\u0301', '👩\u200d🚀', '❤\ufe0f', '🇩🇪', '?', '9', '中', 'ก', 'ด\u0e35', '٣', '€', '\u202ea'])(
    'may be %j',
    (text) => {
      expect(accepts('text', text)).toBe(true);
    },
  );

  it('may be null if declared so', () => {
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

describe('an id from a header', () => {
  it('is bounded and harmless', () => {
    expect(['a', 'c'.repeat(128), 'A-z_0.9:@'].every((id) => CORRELATION_ID.test(id))).toBe(true);
    expect(['', 'a b', 'a\n', 'c'.repeat(129), 'ä'].some((id) => CORRELATION_ID.test(id))).toBe(false);
    expect(TRACEPARENT.test('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')).toBe(true);
    expect(TRACEPARENT.test('00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01')).toBe(false);
    expect(TRACEPARENT.test('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n')).toBe(false);
  });

  it.each([
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03', '-03'],
    ['01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '-01'],
    ['01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-what the "future" brings', '-01'],
    ['fe-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02-', '-00'],
  ])('%s is a traceparent', (text, flags) => {
    expect(toTraceparent(text)).toBe(`00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331${flags}`);
  });

  it.each([
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
    '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more',
    '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0',
    '',
  ])('%j is not one', (text) => {
    expect(toTraceparent(text)).toBeUndefined();
  });
});
