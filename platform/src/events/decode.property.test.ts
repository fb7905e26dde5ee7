import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { PermanentError } from '../runtime/errors.js';
import { anyCharacter, hostileBody, propertySeed } from '@orderflow/testing/hostile-bodies';
import { decodeEvent } from './decode.js';

class Metadata {
  @IsInt()
  version!: number;

  @IsOptional()
  @IsString()
  causationId?: string;
}
class Part {
  @IsString()
  name!: string;

  @IsInt()
  count!: number;
}
class Data {
  @IsString()
  text!: string;

  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts!: Part[];
}
class Made {
  static readonly type = 'Made';
  static readonly version = 1;
  static readonly source = 'maker';

  @ValidateNested()
  @Type(() => Metadata)
  metadata!: Metadata;

  @ValidateNested()
  @Type(() => Data)
  data!: Data;
}

const CODES = [
  ...['NOT_JSON', 'NOT_AN_ENVELOPE', 'UNKNOWN_EVENT_TYPE', 'UNKNOWN_EVENT_VERSION', 'UNKNOWN_EVENT_SOURCE'],
  ...['INVALID_EVENT', 'EVENT_MISMATCH'],
];
const decodable = { classes: [Made], contentHashOf: (data: object) => JSON.stringify(data) };
/** Different bodies in each run, so that runs together cover more. */
const NUM_RUNS = 500;
const options = { numRuns: NUM_RUNS, ...propertySeed(process.env) };

const SAMPLE = {
  version: '0',
  source: 'maker',
  'detail-type': 'Made',
  detail: {
    metadata: { version: 1, causationId: 'c' },
    data: {
      text: 'a',
      parts: [
        { name: 'b', count: 1 },
        { name: 'c', count: 2 },
      ],
    },
  },
};

/** Bodies that the generator rarely produces. */
const EXAMPLES = [
  ...['{', '{}', JSON.stringify(SAMPLE)],
  JSON.stringify(SAMPLE).replace('"Made"', '"Other"'),
  JSON.stringify(SAMPLE).replace('"version":1', '"version":9'),
  JSON.stringify(SAMPLE).replace('"maker"', '"stranger"'),
  JSON.stringify(SAMPLE).replace('"text":"a"', '"text":1'),
  JSON.stringify(SAMPLE).replace('"causationId":"c"', '"contentHash":"c"'),
].map((body): [string] => [body]);

/** How a body was received, and whether that is an allowed way. */
function reception(body: string): string {
  try {
    const { EventClass, event } = decodeEvent(body, decodable);
    const { data } = event;
    const isWhole =
      event instanceof Made &&
      typeof data.text === 'string' &&
      data.parts.every(({ name, count }) => typeof name === 'string' && Number.isInteger(count));
    return EventClass === Made && isWhole ? 'decoded' : 'decoded, but not as declared';
  } catch (error) {
    if (!(error instanceof PermanentError)) return `threw ${String(error)}`;
    const { path } = error;
    // The reason goes into a log line and a message attribute.
    if (error.message.length > 300) return `refused at length: ${error.message.length}`;
    if (error.code !== 'NOT_JSON' && typeof path !== 'string') return 'refused without a path';
    return error.code;
  }
}

describe('decodeEvent with any input', () => {
  it('decodes it or refuses it permanently, with a code and a path', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(hostileBody(SAMPLE), (body) => {
        const how = reception(body);
        seen.set(how, (seen.get(how) ?? 0) + 1);
        expect(['decoded', ...CODES]).toContain(how);
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
      { ...options, examples: EXAMPLES },
    );
    // If every body failed the first check, the run would prove little.
    expect([...seen.keys()].sort()).toEqual(['decoded', ...CODES].sort());
    expect(seen.get('decoded')).toBeGreaterThan(NUM_RUNS / 100);
    expect(seen.get('INVALID_EVENT')).toBeGreaterThan(NUM_RUNS / 10);
  });

  it('restores a sent event', () => {
    const text = fc.string({ unit: anyCharacter });
    const detail = fc.record({
      metadata: fc.record({ version: fc.constant(1) }),
      data: fc.record({
        text,
        parts: fc.array(fc.record({ name: text, count: fc.integer() }), { maxLength: 100 }),
      }),
    });
    fc.assert(
      fc.property(detail, (sent) => {
        const { event } = decodeEvent(
          JSON.stringify({ source: 'maker', 'detail-type': 'Made', detail: sent }),
          decodable,
        );
        expect(JSON.parse(JSON.stringify(event))).toEqual(sent);
      }),
      { ...options, numRuns: 300 },
    );
  });
});
