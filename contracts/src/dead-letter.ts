import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsISO8601, IsString, Min, ValidateNested } from 'class-validator';
import { eventFactsOf, type EventFacts } from './event-facts.js';
import {
  ForeignAttribute,
  splitUndelivered,
  toForeignAttributes,
  type ForeignAttributes,
  type LetterAttributes,
} from './letter-attributes.js';
import { Optional } from './optional.js';
import type { ResourceNames } from './resources.js';

export const DEAD_LETTER_QUEUES = ['orders', 'notifications', 'undelivered'] as const;
export type DeadLetterQueue = (typeof DEAD_LETTER_QUEUES)[number];

/** A queue that a dead letter came from, and that a replay sends it to. */
export type OwnQueue = 'orders' | 'notifications';

/** What a dead letter tells of itself. */
export class DeadLetterSummary {
  @IsIn(DEAD_LETTER_QUEUES)
  queue!: DeadLetterQueue;

  @IsString()
  messageId!: string;

  /** The same for all copies of a message. */
  @IsString()
  originalMessageId!: string;

  /** Why it was given up, as INVALID_EVENT or RECEIVES_EXHAUSTED. */
  @IsString()
  code!: string;

  @IsString()
  reason!: string;

  /** Where in the body the problem lies. */
  @Optional()
  @IsString()
  path?: string;

  /** Attempts at it before it was given up; absent when no worker gave it up. */
  @Optional()
  @IsInt()
  @Min(0)
  attempts?: number;

  @IsISO8601()
  firstReceivedAt!: string;

  @IsInt()
  @Min(0)
  replayCount!: number;

  /** When it came to the dead-letter queue; of one that SQS moved, to its own queue. */
  @IsISO8601()
  sentAt!: string;

  /** Why a replay of it, as it lies there, would start nothing; absent when it would be sent. */
  @Optional()
  @IsString()
  replayRefusal?: string;

  /** Event type, as far as the body tells. */
  @Optional()
  @IsString()
  type?: string;

  @Optional()
  @IsString()
  orderId?: string;

  @Optional()
  @IsString()
  notificationId?: string;

  /** What others put on the message; it goes along with a replay. */
  @Optional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ForeignAttribute)
  attributes?: ForeignAttribute[];
}

/** Answer of GET /api/dead-letters: some of those that there are, each message once. */
export class DeadLetterList {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => DeadLetterSummary)
  items!: DeadLetterSummary[];

  /** Messages in the dead-letter queues by SQS's count, which is approximate, and counts each copy. */
  @IsInt()
  @Min(0)
  total!: number;
}

export type DeadLetter = Omit<DeadLetterSummary, keyof EventFacts | 'attributes' | 'sentAt' | 'replayRefusal'> & {
  /** As far as the body tells. */
  event: EventFacts;
  /** Undefined: the target that EventBridge named is none of ours. */
  ownQueue: OwnQueue | undefined;
  replayId?: string;
  /** Epoch ms at which it came to the dead-letter queue; of one that SQS moved, to its own queue. */
  sentAt: number;
  /** What others put on the message. */
  foreign: ForeignAttributes;
  /** What EventBridge says of an event that it could not deliver. */
  said: Partial<Record<string, string>>;
  body: string;
  receiptHandle: string;
};

/** By name; any of them may be missing. */
type Attributes = Partial<Record<string, string>>;

/** A received SQS message, as far as it matters here. */
type ReceivedMessage = {
  MessageId?: string | undefined;
  ReceiptHandle?: string | undefined;
  Body?: string | undefined;
  Attributes?: Attributes | undefined;
};

/** SQS moves a message itself when its receives are used up before a worker could say why. */
const MOVED_BY_QUEUE = { code: 'MOVED_BY_QUEUE', reason: 'moved by the queue; no worker said why' };

/** The name of each dead-letter queue. */
export function deadLetterQueueNames(names: ResourceNames): Record<DeadLetterQueue, string> {
  return {
    orders: names.orderDeadLetterQueue,
    notifications: names.notificationDeadLetterQueue,
    undelivered: names.undeliveredQueue,
  };
}

/** The name of the queue that each of ours is. */
export function ownQueueNames(names: ResourceNames): Record<OwnQueue, string> {
  return { orders: names.orderQueue, notifications: names.notificationQueue };
}

/** https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LATEST_TIME = 8.64e15;

/** Epoch ms; 0 for whatever is no time. */
function timeOf(epochMs: string | undefined): number {
  const time = Number(epochMs ?? 0);
  return Number.isFinite(time) && Math.abs(time) <= LATEST_TIME ? time : 0;
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function isoOr(text: string | undefined, otherwise: number): string {
  const isTime = text !== undefined && ISO_TIME.test(text) && !Number.isNaN(Date.parse(text));
  return isTime ? text : new Date(otherwise).toISOString();
}

/** EventBridge says in attributes of its own what it could not deliver, and where to. */
function undeliveredReason(said: Attributes) {
  return { code: said.ERROR_CODE ?? 'UNDELIVERED', reason: said.ERROR_MESSAGE ?? 'no reason given' };
}

/** Undefined for whatever is no count. */
function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/**
 * What of a dead letter is shown where its body is not.
 * @param replayRefusal why a replay of it would start nothing
 */
export function toDeadLetterSummary(letter: DeadLetter, replayRefusal?: string): DeadLetterSummary {
  const { queue, messageId, originalMessageId, code, reason, path } = letter;
  const { attempts, firstReceivedAt, replayCount, event } = letter;
  const where = path === undefined ? {} : { path };
  const attributes = toForeignAttributes(letter.foreign);
  return {
    queue,
    messageId,
    originalMessageId,
    code,
    reason,
    ...where,
    ...(attempts === undefined ? {} : { attempts }),
    firstReceivedAt,
    replayCount,
    sentAt: new Date(letter.sentAt).toISOString(),
    ...(replayRefusal === undefined ? {} : { replayRefusal }),
    ...event,
    ...(attributes.length === 0 ? {} : { attributes }),
  };
}

/**
 * What a message of a dead-letter queue says of itself.
 * @param attributes its message attributes, as the platform's `readAttributes` reads them
 */
export function toDeadLetter(
  message: ReceivedMessage,
  attributes: LetterAttributes,
  queue: DeadLetterQueue,
  names: ResourceNames,
): DeadLetter {
  const { MessageId: messageId = '', ReceiptHandle: receiptHandle = '', Body: body = '' } = message;
  const system = message.Attributes ?? {};
  const { letter, replayId, replayCount } = attributes;
  const isUndelivered = queue === 'undelivered';
  const { said, foreign } = isUndelivered
    ? splitUndelivered(attributes.foreign)
    : { said: {}, foreign: attributes.foreign };
  const target = said.TARGET_ARN?.split(':').at(-1);
  const own = Object.entries(ownQueueNames(names)).find(([, name]) => name === target)?.[0] as OwnQueue | undefined;
  const told = letter ? { code: letter.code, reason: letter.reason ?? '' } : MOVED_BY_QUEUE;
  const sentAt = timeOf(system.SentTimestamp);
  const attempts = countOf(letter?.attempts);
  return {
    queue,
    ownQueue: isUndelivered ? own : queue,
    messageId,
    originalMessageId: letter?.originalMessageId ?? messageId,
    ...(isUndelivered ? undeliveredReason(said) : told),
    ...(letter?.path === undefined ? {} : { path: letter.path }),
    ...(attempts === undefined ? {} : { attempts }),
    firstReceivedAt: isoOr(letter?.firstReceivedAt, sentAt),
    replayCount,
    ...(replayId === undefined ? {} : { replayId }),
    event: eventFactsOf(body),
    sentAt,
    foreign,
    said,
    body,
    receiptHandle,
  };
}
