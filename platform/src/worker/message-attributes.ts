import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { bytesOf, wireBytes } from '../aws/fast-path/fast-path.js';

/** An SQS attribute: a type such as `String`, `Number.int` or `Binary.gzip`, and a value, which is base64 for a binary type. */
export type MessageAttribute = { type: string; value: string };

/** Attributes from other senders, by name. They stay with the message. */
export type ForeignAttributes = Readonly<Record<string, MessageAttribute>>;

export type ReadAttributes = {
  /** Why and when a worker dead-lettered the message, which may have been redriven since. */
  letter?: Readonly<Partial<Record<string, string>>> & { originalMessageId: string; code: string };
  /** For a dead letter, the replay that failed again. */
  replayId?: string;
  replayCount: number;
  foreign: ForeignAttributes;
};

type Attributes = Readonly<Record<string, Pick<MessageAttributeValue, 'DataType' | 'StringValue' | 'BinaryValue'>>>;

/** What a worker adds to a dead letter. Old letters have `receiveCount` instead of `attempts`. */
const LETTER = ['code', 'reason', 'path', 'originalMessageId', 'attempts', 'firstReceivedAt', 'receiveCount'] as const;
const REPLAY = ['replayId', 'replayCount'] as const;
/** Holds, as JSON, foreign attributes that do not fit beside ours. */
const PACKED = 'packedAttributes';
const OURS: ReadonlySet<string> = new Set([...LETTER, ...REPLAY, PACKED]);

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
const MAX_ATTRIBUTES = 10;
/** Longer than any id that we make. A longer one must not be stored in an item. */
const MAX_REPLAY_ID = 128;

const isBinary = ({ type }: MessageAttribute): boolean => /^Binary(\.|$)/.test(type);

function toAttribute({ DataType: type = 'String', StringValue: text, BinaryValue: bytes }: Attributes[string]) {
  const value = bytes === undefined ? (text ?? '') : bytesOf(bytes).toString('base64');
  return { type, value };
}

function fromAttribute(attribute: MessageAttribute): MessageAttributeValue {
  const { type, value } = attribute;
  return isBinary(attribute)
    ? { DataType: type, BinaryValue: wireBytes(value) }
    : { DataType: type, StringValue: value };
}

/** Undefined if `writeAttributes` did not pack this text. */
function unpack(text: string | undefined): [string, MessageAttribute][] | undefined {
  try {
    const entries = JSON.parse(text ?? '') as unknown;
    if (!Array.isArray(entries)) return undefined;
    return entries.map((entry: unknown): [string, MessageAttribute] => {
      const [name, type, value] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (typeof name === 'string' && typeof type === 'string' && typeof value === 'string')
        return [name, { type, value }];
      throw new TypeError('no attribute');
    });
  } catch {
    return undefined;
  }
}

/** 0 if the text is not a count. */
function countOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/**
 * Separates our attributes from foreign ones. The name alone does not decide: a `code` is ours only beside an
 * `originalMessageId`, which every dead letter has, and a `replayCount` only beside a `replayId`.
 */
export function readAttributes(attributes: Attributes = {}): ReadAttributes {
  const all = new Map(Object.entries(attributes).map(([name, value]) => [name, toAttribute(value)]));
  const textOf = (name: string): string | undefined => {
    const attribute = all.get(name);
    return attribute && attribute.value !== '' && !isBinary(attribute) ? attribute.value : undefined;
  };
  const originalMessageId = textOf('originalMessageId');
  const code = textOf('code');
  const replayId = textOf('replayId');
  const isLetter = originalMessageId !== undefined && code !== undefined;
  const isReplay = replayId !== undefined && replayId.length <= MAX_REPLAY_ID;

  const packed = isLetter || isReplay ? unpack(textOf(PACKED)) : undefined;
  const ours = new Set<string>([
    ...(isLetter ? LETTER : []),
    ...(isLetter || isReplay ? REPLAY : []),
    ...(packed ? [PACKED] : []),
  ]);
  const foreign = [...all].filter(([name]) => !ours.has(name));
  return {
    letter: isLetter
      ? { ...Object.fromEntries(LETTER.map((name) => [name, textOf(name)])), originalMessageId, code }
      : undefined,
    replayId: isReplay ? replayId : undefined,
    replayCount: isLetter || isReplay ? countOf(textOf('replayCount')) : 0,
    foreign: Object.fromEntries([...foreign, ...(packed ?? [])]),
  };
}

/** Text that SQS accepts: no control characters, not empty, bounded in length. */
function ownAttribute(value: string): MessageAttribute {
  // toWellFormed comes last, because slice may cut a surrogate pair.
  const text = value
    .slice(0, 1_000)
    // eslint-disable-next-line no-control-regex -- the expression is about control characters
    .replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, ' ')
    .toWellFormed();
  return { type: 'String', value: text || '-' };
}

/**
 * Attributes for a message with both ours and foreign ones. Foreign attributes that share a name with ours, or exceed the
 * limit of SQS, are packed into one; `readAttributes` unpacks them. Without any of ours they stay unchanged.
 */
export function writeAttributes(
  own: Readonly<Record<string, string>>,
  foreign: ForeignAttributes,
): Record<string, MessageAttributeValue> {
  const mine = Object.entries(own).map(([name, value]) => [name, ownAttribute(value)] as const);
  const others = Object.entries(foreign);
  const mayStay = mine.length === 0 ? others : others.filter(([name, { value }]) => !OURS.has(name) && value !== '');
  const fitsWhole = mayStay.length === others.length && mine.length + others.length <= MAX_ATTRIBUTES;
  const staying = fitsWhole ? mayStay : mayStay.slice(0, Math.max(0, MAX_ATTRIBUTES - 1 - mine.length));
  const stays = new Set(staying.map(([name]) => name));
  const rest = others.filter(([name]) => !stays.has(name)).map(([name, { type, value }]) => [name, type, value]);
  const packed = rest.length === 0 ? [] : [[PACKED, { type: 'String', value: JSON.stringify(rest) }] as const];
  return Object.fromEntries([...mine, ...staying, ...packed].map(([name, value]) => [name, fromAttribute(value)]));
}
