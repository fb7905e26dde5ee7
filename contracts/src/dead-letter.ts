import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsISO8601, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { notificationIdFor } from './identifiers.js';
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
  @IsOptional()
  @IsString()
  path?: string;

  @IsInt()
  @Min(0)
  receiveCount!: number;

  @IsISO8601()
  firstReceivedAt!: string;

  @IsInt()
  @Min(0)
  replayCount!: number;

  /** Event type, as far as the body tells. */
  @IsOptional()
  @IsString()
  type?: string;

  @IsOptional()
  @IsString()
  orderId?: string;

  @IsOptional()
  @IsString()
  notificationId?: string;
}

/** Answer of GET /api/dead-letters: some of those that there are, each message once. */
export class DeadLetterList {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => DeadLetterSummary)
  items!: DeadLetterSummary[];
}

export type EventFacts = Pick<DeadLetterSummary, 'type' | 'orderId' | 'notificationId'>;

export type DeadLetter = Omit<DeadLetterSummary, keyof EventFacts> & {
  /** As far as the body tells. */
  event: EventFacts;
  /** Undefined: the target that EventBridge named is none of ours. */
  ownQueue: OwnQueue | undefined;
  replayId?: string;
  /** Epoch ms at which it came to the dead-letter queue; of one that SQS moved, to its own queue. */
  sentAt: number;
  attributes: Record<string, string>;
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
  MessageAttributes?: Record<string, { StringValue?: string | undefined }> | undefined;
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

function textOf(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const property = (value as Record<string, unknown>)[name];
  return typeof property === 'string' ? property : undefined;
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** What a body tells of its event, however malformed it is. */
export function eventFactsOf(body: string): EventFacts {
  let envelope: unknown;
  try {
    envelope = JSON.parse(body);
  } catch {
    return {};
  }
  const detail = propertyOf(envelope, 'detail');
  const data = propertyOf(detail, 'data');
  const type = textOf(envelope, 'detail-type');
  const orderId = textOf(data, 'orderId');
  const eventId = textOf(propertyOf(detail, 'metadata'), 'eventId');
  const isOutcome = type === 'OrderCompleted' || type === 'OrderFailed';
  const notificationId =
    textOf(data, 'notificationId') ?? (isOutcome && eventId !== undefined ? notificationIdFor(eventId) : undefined);
  return {
    ...(type === undefined ? {} : { type }),
    ...(orderId === undefined ? {} : { orderId }),
    ...(notificationId === undefined ? {} : { notificationId }),
  };
}

function isoOf(epochMs: string | undefined): string {
  const time = Number(epochMs ?? 0);
  return new Date(Number.isFinite(time) ? time : 0).toISOString();
}

/** EventBridge says in attributes of its own what it could not deliver, and where to. */
function undeliveredReason(attributes: Attributes) {
  return { code: attributes.ERROR_CODE ?? 'UNDELIVERED', reason: attributes.ERROR_MESSAGE ?? 'no reason given' };
}

function countOf(text: string | undefined): number {
  const count = Number(text ?? 0);
  return Number.isInteger(count) && count >= 0 ? count : 0;
}

/** What of a dead letter is shown where its body is not. */
export function toDeadLetterSummary(letter: DeadLetter): DeadLetterSummary {
  const { queue, messageId, originalMessageId, code, reason, path } = letter;
  const { receiveCount, firstReceivedAt, replayCount, event } = letter;
  const where = path === undefined ? {} : { path };
  return {
    queue,
    messageId,
    originalMessageId,
    code,
    reason,
    ...where,
    receiveCount,
    firstReceivedAt,
    replayCount,
    ...event,
  };
}

/** What a message of a dead-letter queue says of itself. */
export function toDeadLetter(message: ReceivedMessage, queue: DeadLetterQueue, names: ResourceNames): DeadLetter {
  const { MessageId: messageId = '', ReceiptHandle: receiptHandle = '', Body: body = '' } = message;
  const system = message.Attributes ?? {};
  const all = Object.fromEntries(
    Object.entries(message.MessageAttributes ?? {}).map(([name, { StringValue: text = '' }]) => [name, text]),
  );
  const attributes: Attributes = all;
  const target = attributes.TARGET_ARN?.split(':').at(-1);
  const own = Object.entries(ownQueueNames(names)).find(([, name]) => name === target)?.[0] as OwnQueue | undefined;
  const { code, reason } = queue === 'undelivered' ? undeliveredReason(attributes) : attributes;
  return {
    queue,
    ownQueue: queue === 'undelivered' ? own : queue,
    messageId,
    originalMessageId: attributes.originalMessageId ?? messageId,
    ...(code === undefined ? MOVED_BY_QUEUE : { code, reason: reason ?? '' }),
    ...(attributes.path === undefined ? {} : { path: attributes.path }),
    receiveCount: countOf(attributes.receiveCount ?? system.ApproximateReceiveCount),
    firstReceivedAt: attributes.firstReceivedAt ?? isoOf(system.SentTimestamp),
    replayCount: countOf(attributes.replayCount),
    ...(attributes.replayId === undefined ? {} : { replayId: attributes.replayId }),
    event: eventFactsOf(body),
    sentAt: Number(system.SentTimestamp ?? 0),
    attributes: all,
    body,
    receiptHandle,
  };
}
