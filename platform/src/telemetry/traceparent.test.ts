import { describe, expect, it } from '@jest/globals';
import { formatTraceparent, newTraceparent, parseTraceparent, traceIdOf } from './traceparent.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  it('reads ids and flags, and formatTraceparent writes them again', () => {
    const text = `00-${TRACE}-${SPAN}-03`;
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, flags: 3 });
    expect(formatTraceparent(parseTraceparent(text)!)).toBe(text);
  });

  it.each(['01', '0a', '10', 'cc', 'fe', 'f0', 'ef'])('continues the trace of version %s', (version) => {
    for (const more of ['', '-', '-more', '-what-the future, brings']) {
      const above = parseTraceparent(`${version}-${TRACE}-${SPAN}-ff${more}`);
      expect(above).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1 });
      expect(formatTraceparent(above!)).toBe(`00-${TRACE}-${SPAN}-01`);
    }
    expect(parseTraceparent(`${version}-${TRACE}-${SPAN}-02`)).toMatchObject({ flags: 0 });
  });

  it.each([
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['version ff with a further field', `ff-${TRACE}-${SPAN}-01-more`],
    ['version 00 with a further field', `00-${TRACE}-${SPAN}-01-more`],
    ['version 00 with longer flags', `00-${TRACE}-${SPAN}-01more`],
    ['a later version with longer flags', `01-${TRACE}-${SPAN}-01more`],
    ['a truncated later version', `01-${TRACE}-${SPAN}-0`],
    ['a later version with a trace id of zeros', `01-${'0'.repeat(32)}-${SPAN}-01-more`],
    ['a later version in capitals', `0A-${TRACE}-${SPAN}-01`],
    ['several traceparents', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['nothing', undefined],
  ])('rejects %s', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
    expect(traceIdOf(text)).toBeUndefined();
  });
});

describe('newTraceparent', () => {
  it('starts a trace that is not sampled', () => {
    const traceparent = newTraceparent();
    expect(parseTraceparent(traceparent)).toMatchObject({ flags: 0 });
  });

  it('is different each time', () => {
    const many = Array.from({ length: 1_000 }, () => parseTraceparent(newTraceparent())!);
    expect(new Set(many.map(({ traceId }) => traceId)).size).toBe(1_000);
    expect(new Set(many.map(({ spanId }) => spanId)).size).toBe(1_000);
  });
});
