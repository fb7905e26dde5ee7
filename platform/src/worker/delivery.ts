import type { Message } from '@aws-sdk/client-sqs';
import type { OutgoingEvent } from '../events/publisher.js';
import type { Logger } from '../runtime/logger.js';
import type { Span } from '../telemetry/tracing.js';
import { readAttributes, type ForeignAttributes, type ReadAttributes } from './message-attributes.js';
import type { OutageCounts } from './outage-counts.js';

/** What became of one receive of a message. Logs, metrics and tests use the same words. */
export type DeliveryOutcome = 'processed' | 'duplicate' | 'retry' | 'dead-lettered';

/** What the pipeline learns about a delivery. Each field becomes a field of the message's log line. */
export type DeliveryFacts = {
  type?: string;
  eventId?: string;
  correlationId?: string;
  traceId?: string;
  /** Why the delivery failed, and in how many seconds SQS redelivers the message. */
  err?: Error;
  delaySeconds?: number;
  /** The delivery failed because a dependency was unavailable. */
  outage?: boolean;
  visibilityError?: string;
  timelineError?: string;
  /** Why the message was dead-lettered. */
  code?: string;
  reason?: string;
  path?: string;
};

/** Why an attempt failed, and the delay before the next one. Anyone may read the reason. */
export type Postponement = { delaySeconds: number; reason: string };

/** One receive of one SQS message. Middleware copies it; `facts`, `fields` and `claim` are shared by all copies. */
export type Delivery = {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** How often SQS has delivered the message, this time included. */
  readonly receiveCount: number;
  /** The attempt at the work, from 1 to MAX_RECEIVES. Receives that this process knows to have ended in an outage do not count. */
  readonly attempt: number;
  /** The attempts are used up. This receive only ends the item, and still belongs to the last attempt. */
  readonly isExhausted: boolean;
  /** Epoch ms. */
  readonly sentAt: number;
  /** Epoch ms. */
  readonly firstReceivedAt: number;
  /** Set when the message was replayed or redriven from its dead-letter queue. */
  readonly replayId: string | undefined;
  /** How often it was replayed, this time included. */
  readonly replayCount: number;
  /** Hash of the received event's data. Absent until the body is decoded. */
  readonly contentHash?: string;
  /** Attributes that other senders put on the message. */
  readonly foreign: ForeignAttributes;
  /** Aborted when the handler's time is up. */
  readonly signal: AbortSignal;
  readonly facts: DeliveryFacts;
  /** What the handler adds to the log line. An id such as `orderId` also becomes the span attribute `orderflow.order.id`. */
  readonly fields: Record<string, string>;
  /** `postpone` is set once the delivery has claimed its item. It gives the claim back and records the retry. */
  readonly claim: { postpone?: (postponement: Postponement) => Promise<void> };
  /** Starts the span of an event that this delivery causes; absent when tracing is off. */
  readonly beginSpan?: () => Span | undefined;
  readonly logger: Logger;
};

/** `duplicate`: another delivery has done the work or is doing it. The pipeline publishes the events before the ack. */
export type HandlerResult = { outcome: 'processed' | 'duplicate'; events: OutgoingEvent[] };

export type Handler<Event> = (event: Event, delivery: Delivery) => Promise<HandlerResult>;

export const afterAttempts = ({ attempt }: Pick<Delivery, 'attempt'>): string =>
  `after ${attempt} ${attempt === 1 ? 'attempt' : 'attempts'}`;

type Context = {
  logger: Logger;
  /** Epoch ms. Replaces times that SQS does not give or that are invalid. */
  now: number;
  /** The replay id for the message with this id: the same for every replay of it. */
  replayIdOf: (originalMessageId: string) => string;
  outages: OutageCounts;
  maxAttempts: number;
};

const NEVER_ABORTED = new AbortController().signal;
/** https://tc39.es/ecma262/#sec-time-values-and-time-range */
const MAX_TIME = 8.64e15;

function timeOf(text: string | undefined, otherwise: number): number {
  const time = text === undefined || text === '' ? NaN : Number(text);
  return Number.isInteger(time) && time >= 0 && time <= MAX_TIME ? time : otherwise;
}

function receiveCountOf(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 1 ? count : 1;
}

/**
 * A dead letter that the AWS console has redriven still carries its original message id. It counts as the replay that an
 * operator's command would have sent.
 */
function replayOf({ letter, replayId, replayCount, foreign }: ReadAttributes, replayIdOf: Context['replayIdOf']) {
  const alone = replayId === undefined ? foreign.originalMessageId?.value : undefined;
  const original = letter?.originalMessageId ?? alone;
  return original === undefined
    ? { replayId, replayCount }
    : { replayId: replayIdOf(original), replayCount: replayCount + 1 };
}

/** Every message becomes a delivery: invalid attributes are replaced by defaults. */
export function toDelivery(message: Message, context: Context): Delivery {
  const { logger, now, outages, maxAttempts } = context;
  const { MessageId: messageId = '', ReceiptHandle: receiptHandle = '', Body: body = '', Attributes: system } = message;
  const attributes = readAttributes(message.MessageAttributes);
  const receiveCount = receiveCountOf(system?.ApproximateReceiveCount);
  const attempt = receiveCount - (outages.get(messageId) ?? 0);
  return {
    messageId,
    receiptHandle,
    body,
    receiveCount,
    attempt: Math.min(attempt, maxAttempts),
    isExhausted: attempt > maxAttempts,
    sentAt: timeOf(system?.SentTimestamp, now),
    firstReceivedAt: timeOf(system?.ApproximateFirstReceiveTimestamp, now),
    ...replayOf(attributes, context.replayIdOf),
    foreign: attributes.foreign,
    signal: NEVER_ABORTED,
    facts: {},
    fields: {},
    claim: {},
    logger,
  };
}
