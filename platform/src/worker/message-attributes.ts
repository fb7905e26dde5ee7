import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { bytesOf, wireBytes } from '../aws/fast-path/fast-path.js';

/** An attribute as SQS has it: a type such as `String`, `Number.int` or `Binary.gzip`, and its value. */
export type MessageAttribute = { type: string; /** Of a binary one, its bytes in base64. */ value: string };

/** Attributes that are not ours, by name. Whoever sent the message put them there, and they travel with it. */
export type ForeignAttributes = Readonly<Record<string, MessageAttribute>>;

/** What the attributes of a message say. */
export type ReadAttributes = {
  /** Why and when a worker gave the message up: it lies in a dead-letter queue, or was moved back from one as it is. */
  letter?: Readonly<Partial<Record<string, string>>> & { originalMessageId: string; code: string };
  /** Of a dead letter, the replay that it was before it failed again. */
  replayId?: string;
  replayCount: number;
  foreign: ForeignAttributes;
};

type Attributes = Readonly<Record<string, Pick<MessageAttributeValue, 'DataType' | 'StringValue' | 'BinaryValue'>>>;

/** What a worker says of a message that it gives up; `receiveCount` only in letters from before `attempts` was said. */
const LETTER = [
  ...(['code', 'reason', 'path', 'originalMessageId', 'attempts', 'firstReceivedAt', 'receiveCount'] as const),
];
const REPLAY = ['replayId', 'replayCount'] as const;
/** Holds foreign attributes that have no place beside ours, as JSON. */
const PACKED = 'packedAttributes';
const OURS: ReadonlySet<string> = new Set([...LETTER, ...REPLAY, PACKED]);

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
const MOST_ATTRIBUTES = 10;
/** Longer than any id that is made here; what is longer must not get into an item. */
const LONGEST_REPLAY_ID = 128;

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

/** Undefined: no list that was packed here. */
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

const pair = (name: string, text: string | undefined): [string, string][] => (text === undefined ? [] : [[name, text]]);

/** A count as an attribute has it; 0 for whatever is none. */
function countOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/**
 * Tells our attributes from those of others. Names do not suffice: a `code` is ours only on a message that has an
 * `originalMessageId` too, which is what every dead letter has, and a `replayCount` only beside a `replayId`.
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
  const isReplay = replayId !== undefined && replayId.length <= LONGEST_REPLAY_ID;

  const packed = isLetter || isReplay ? unpack(textOf(PACKED)) : undefined;
  const ours = new Set<string>([
    ...(isLetter ? LETTER : []),
    ...(isLetter || isReplay ? REPLAY : []),
    ...(packed ? [PACKED] : []),
  ]);
  const foreign = [...all].filter(([name]) => !ours.has(name));
  return {
    ...(isLetter
      ? {
          letter: {
            ...Object.fromEntries(LETTER.flatMap((name) => pair(name, textOf(name)))),
            originalMessageId,
            code,
          },
        }
      : {}),
    ...(isReplay ? { replayId } : {}),
    replayCount: isLetter || isReplay ? countOf(textOf('replayCount')) : 0,
    foreign: Object.fromEntries([...foreign, ...(packed ?? [])]),
  };
}

/** A text of ours as SQS takes it: no control characters, not empty, and bounded. */
function ownAttribute(value: string): MessageAttribute {
  // Well-formed last: cutting may halve a character.
  const text = value
    .slice(0, 1_000)
    // eslint-disable-next-line no-control-regex -- control characters are what it is about
    .replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, ' ')
    .toWellFormed();
  return { type: 'String', value: text || '-' };
}

/**
 * The attributes of a message that is sent with ours and with those of others. Foreign ones that have the name of one of
 * ours, or are too many beside ours, are packed into one; `readAttributes` gives all of them back. Without any of ours
 * they go as they are.
 */
export function writeAttributes(
  own: Readonly<Record<string, string>>,
  foreign: ForeignAttributes,
): Record<string, MessageAttributeValue> {
  const mine = Object.entries(own).map(([name, value]) => [name, ownAttribute(value)] as const);
  const others = Object.entries(foreign);
  const mayStay = mine.length === 0 ? others : others.filter(([name, { value }]) => !OURS.has(name) && value !== '');
  const fitsWhole = mayStay.length === others.length && mine.length + others.length <= MOST_ATTRIBUTES;
  const staying = fitsWhole ? mayStay : mayStay.slice(0, Math.max(0, MOST_ATTRIBUTES - 1 - mine.length));
  const stays = new Set(staying.map(([name]) => name));
  const rest = others.filter(([name]) => !stays.has(name)).map(([name, { type, value }]) => [name, type, value]);
  const packed = rest.length === 0 ? [] : [[PACKED, { type: 'String', value: JSON.stringify(rest) }] as const];
  return Object.fromEntries([...mine, ...staying, ...packed].map(([name, value]) => [name, fromAttribute(value)]));
}
