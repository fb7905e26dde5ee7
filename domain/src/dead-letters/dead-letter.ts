import {
  WORK_QUEUES,
  workQueueNames,
  type DeadLetterQueue,
  type DeadLetterSummary,
  type ForeignAttribute,
  type ResourceNames,
  type WorkQueue,
} from '@orderflow/contracts';
import { copyStart } from '../copied-text.js';
import { pick } from '../pick.js';
import { eventFactsOf, type EventFacts } from './event-facts.js';

/** A message attribute that another system added. */
type Foreign = { type: string; /** Binary values are base64. */ value: string };

export type ForeignAttributes = Readonly<Record<string, Foreign>>;

/** The attributes of a dead letter after the platform has read them. */
type LetterAttributes = {
  /** Why a worker dead-lettered it; absent when no worker did. */
  letter?: Readonly<Partial<Record<string, string>>> & { originalMessageId: string; code: string };
  replayId?: string;
  replayCount: number;
  foreign: ForeignAttributes;
};

export type DeadLetter = Omit<DeadLetterSummary, keyof EventFacts | 'attributes' | 'sentAt' | 'replayRefusal'> & {
  /** The facts that the body contains. */
  event: EventFacts;
  /** The queue that it came from. A replay sends it there. Undefined when EventBridge named another target. */
  ownQueue: WorkQueue | undefined;
  replayId?: string;
  /** Epoch ms at which it reached the dead-letter queue. If SQS moved it: its own queue. */
  sentAt: number;
  /** Attributes that others put on the message. */
  foreign: ForeignAttributes;
  /** EventBridge's attributes on an event that it could not deliver. */
  said: Partial<Record<string, string>>;
  body: string;
  receiptHandle: string;
};

/** By name; any of them may be missing. */
type Attributes = Partial<Record<string, string>>;

/** The parts of a received SQS message that matter here. */
type ReceivedMessage = {
  MessageId?: string | undefined;
  ReceiptHandle?: string | undefined;
  Body?: string | undefined;
  Attributes?: Attributes | undefined;
};

const SHOWN_LENGTH = 200;

/** Display limits for foreign attributes, whose length is not under our control. */
export function toForeignAttributes(foreign: ForeignAttributes): ForeignAttribute[] {
  return Object.entries(foreign).map(([name, { type, value }]) => ({
    name,
    type,
    value: copyStart(value, SHOWN_LENGTH).toWellFormed(),
    bytes: Buffer.byteLength(value, type.startsWith('Binary') ? 'base64' : 'utf8'),
  }));
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#eb-rule-dlq-message */
const OF_EVENTBRIDGE: ReadonlySet<string> = new Set([
  'RULE_ARN',
  'TARGET_ARN',
  'ERROR_CODE',
  'ERROR_MESSAGE',
  'EXHAUSTED_RETRY_CONDITION',
  'RETRY_ATTEMPTS',
]);

/** Separates EventBridge's attributes on an undelivered event from the message's others. */
function splitUndelivered(foreign: ForeignAttributes): {
  said: Partial<Record<string, string>>;
  foreign: ForeignAttributes;
} {
  const entries = Object.entries(foreign);
  const isSaid = ([name]: [string, Foreign]): boolean => OF_EVENTBRIDGE.has(name);
  return {
    said: Object.fromEntries(entries.filter(isSaid).map(([name, { value }]) => [name, value])),
    foreign: Object.fromEntries(entries.filter((entry) => !isSaid(entry))),
  };
}

/** SQS moves a message itself when its receives are used up before a worker can say why. */
const MOVED_BY_QUEUE = { code: 'MOVED_BY_QUEUE', reason: 'moved by the queue; no worker said why' };

/** The name of a dead-letter queue in a stage. */
export function deadLetterQueueName(names: ResourceNames, queue: DeadLetterQueue): string {
  return queue === 'undelivered' ? names.undeliveredQueue : workQueueNames(names, queue).deadLetterName;
}

/** https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LATEST_TIME = 8.64e15;

/** Epoch ms; 0 for an invalid time. */
function timeOf(epochMs: string | undefined): number {
  const time = Number(epochMs ?? 0);
  return Number.isFinite(time) && Math.abs(time) <= LATEST_TIME ? time : 0;
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function isoOr(text: string | undefined, otherwise: number): string {
  const isTime = text !== undefined && ISO_TIME.test(text) && !Number.isNaN(Date.parse(text));
  return isTime ? text : new Date(otherwise).toISOString();
}

/** Undefined for an invalid count. */
function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/**
 * A dead letter without its body, for display.
 * @param replayRefusal why a replay would start nothing
 */
export function toDeadLetterSummary(letter: DeadLetter, replayRefusal?: string): DeadLetterSummary {
  const attributes = toForeignAttributes(letter.foreign);
  return {
    ...pick(letter, 'queue', 'messageId', 'originalMessageId', 'code', 'reason', 'path'),
    ...pick(letter, 'attempts', 'firstReceivedAt', 'replayCount'),
    sentAt: new Date(letter.sentAt).toISOString(),
    replayRefusal,
    ...letter.event,
    attributes: attributes.length === 0 ? undefined : attributes,
  };
}

/**
 * Reads a message of a dead-letter queue.
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
  const { said, foreign } = isUndelivered ? splitUndelivered(attributes.foreign) : { said: {}, ...attributes };
  const target = said.TARGET_ARN?.split(':').at(-1);
  const own = WORK_QUEUES.find((one) => workQueueNames(names, one).name === target);
  const told = letter ? { code: letter.code, reason: letter.reason ?? '' } : MOVED_BY_QUEUE;
  const undelivered = { code: said.ERROR_CODE ?? 'UNDELIVERED', reason: said.ERROR_MESSAGE ?? 'no reason given' };
  const sentAt = timeOf(system.SentTimestamp);
  return {
    queue,
    ownQueue: isUndelivered ? own : queue,
    messageId,
    originalMessageId: letter?.originalMessageId ?? messageId,
    ...(isUndelivered ? undelivered : told),
    path: letter?.path,
    attempts: countOf(letter?.attempts),
    firstReceivedAt: isoOr(letter?.firstReceivedAt, sentAt),
    replayCount,
    replayId,
    event: eventFactsOf(body),
    sentAt,
    foreign,
    said,
    body,
    receiptHandle,
  };
}
