import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsString, ValidateNested } from 'class-validator';
import { PermanentError } from '../runtime/errors.js';
import { decodeEvent } from './decode.js';

class Metadata {
  @IsInt()
  version!: number;
}
class Part {
  @IsString()
  name!: string;
}
class Data {
  @IsString()
  text!: string;

  @IsArray()
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
class MadeV2 extends Made {
  static override readonly version = 2 as 1;
}

const detail = { metadata: { version: 1 }, data: { text: 'a', parts: [{ name: 'b' }] } };
/** A hash that a test can read. */
const contentHashOf = (data: object) => `hash of ${JSON.stringify(data)}`;
const made = (detail: object) => ({ source: 'maker', 'detail-type': 'Made', detail });
const decode = (body: unknown) =>
  decodeEvent(typeof body === 'string' ? body : JSON.stringify(body), { classes: [Made, MadeV2], contentHashOf });

function refusal(body: unknown) {
  try {
    decode(body);
  } catch (error) {
    if (error instanceof PermanentError) return { code: error.code, message: error.message, path: error.path };
    throw error;
  }
  throw new Error('it was decoded');
}

describe('decodeEvent', () => {
  it('returns an instance of the class for the type and version', () => {
    const one = decode(made(detail));
    expect(one.EventClass).toBe(Made);
    expect(one.event).toBeInstanceOf(Made);
    expect(one.event).toEqual(detail);
    const two = decode(made({ ...detail, metadata: { version: 2 } }));
    expect(two.EventClass).toBe(MadeV2);
  });

  it('accepts properties that a newer publisher may add', () => {
    const newer = { ...detail, extra: 1, data: { ...detail.data, more: [] } };
    expect(decode({ ...made(newer), account: '1' }).event).toBeInstanceOf(Made);
  });

  it.each(['', '{', 'hello', "{'a': 1}"])('refuses %j, which is not JSON', (body) => {
    expect(refusal(body)).toEqual({ code: 'NOT_JSON', message: 'the message body is not JSON' });
  });

  it.each([
    ['body', null],
    ['body', 7],
    ['body', [made(detail)]],
    ['detail-type', {}],
    ['detail-type', { 'detail-type': 1, detail }],
    ['detail', { 'detail-type': 'Made' }],
    ['detail', { ...made({}), detail: 'x' }],
    ['detail.metadata', made({ ...detail, metadata: [] })],
    ['detail.data', made({ metadata: { version: 1 } })],
    ['detail.data', made({ ...detail, data: [] })],
    ['detail.data', made({ ...detail, data: [detail.data] })],
    ['detail.metadata.version', made({ ...detail, metadata: {} })],
    ['detail.metadata.version', made({ ...detail, metadata: { version: '1' } })],
    ['detail.metadata.version', made({ ...detail, metadata: { version: 1.5 } })],
  ])('names %s if the envelope is wrong: %j', (path, body) => {
    expect(refusal(body)).toMatchObject({ code: 'NOT_AN_ENVELOPE', path });
  });

  it('refuses a type without a handler, and shortens it in the message', () => {
    const type = `Un\nknown${'x'.repeat(1_000)}`;
    const { code, path, message } = refusal({ 'detail-type': type, detail }) as Record<string, string>;
    expect({ code, path }).toEqual({ code: 'UNKNOWN_EVENT_TYPE', path: 'detail-type' });
    expect(message).toContain('"Un\\nknown');
    expect(message!.length).toBeLessThan(200);
  });

  it('refuses an unknown version of a known type', () => {
    expect(refusal(made({ ...detail, metadata: { version: 3 } }))).toEqual({
      code: 'UNKNOWN_EVENT_VERSION',
      message: 'Made of version 3 is not understood here',
      path: 'detail.metadata.version',
    });
  });

  it.each([['stranger'], ['Maker'], [undefined], [7], [['maker']]])(
    'refuses the source %j, because another service publishes the event',
    (source) => {
      expect(refusal({ ...made(detail), source })).toEqual({
        code: 'UNKNOWN_EVENT_SOURCE',
        message: 'Made comes from maker, and this one does not',
        path: 'source',
      });
    },
  );

  it('returns the hash of the data as received, with what a newer publisher may have added', () => {
    const data = { ...detail.data, more: [1] };
    const contentHash = `hash of ${JSON.stringify(data)}`;
    expect(decode(made({ ...detail, data })).contentHash).toBe(contentHash);
    const promising = { metadata: { ...detail.metadata, contentHash }, data };
    expect(decode(made(promising)).contentHash).toBe(contentHash);
  });

  it.each([
    ['a changed value', { ...detail.data, text: 'b' }],
    ['one more property', { ...detail.data, more: [1] }],
  ])('refuses data with %s that the hash in the metadata does not cover', (_what, data) => {
    const metadata = { ...detail.metadata, contentHash: contentHashOf(detail.data) };
    expect(refusal(made({ metadata, data }))).toMatchObject({
      code: 'EVENT_MISMATCH',
      path: 'detail.metadata.contentHash',
    });
  });

  it.each([
    ['detail.data.text', { ...detail.data, text: 1 }],
    ['detail.data.parts', { ...detail.data, parts: 'none' }],
    ['detail.data.parts[1].name', { ...detail.data, parts: [{ name: 'b' }, { name: 2 }] }],
  ])('names the path %s of an invalid value', (path, data) => {
    const problem = refusal(made({ ...detail, data }));
    expect(problem).toMatchObject({ code: 'INVALID_EVENT', path });
    expect(problem.message.startsWith(`${path}: `)).toBe(true);
  });

  it('refuses an event that is nested too deeply for the validator', () => {
    const bomb = '['.repeat(20_000) + ']'.repeat(20_000);
    const body = JSON.stringify(made({ ...detail, bomb: 0 })).replace('"bomb":0', `"bomb":${bomb}`);
    expect(refusal(body)).toMatchObject({ code: 'INVALID_EVENT', path: 'detail' });
  });

  it('is not fooled by prototype keys', () => {
    const body = `{"source":"maker","detail-type":"Made","detail":{"__proto__":{"polluted":1},"constructor":{},"metadata":{"version":1,"__proto__":{"polluted":1}},"data":{"text":"a","parts":[]}}}`;
    expect(decode(body).event).toBeInstanceOf(Made);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
