import type { Message } from '@aws-sdk/client-sqs';
import type { Logger } from '../runtime/logger.js';
import { readAttributes, type ReadAttributes } from './message-attributes.js';
import type { Delivery } from './types.js';

type Surroundings = {
  logger: Logger;
  /** Epoch ms: stands in for times that the queue does not tell, or that are none. */
  now: number;
  /** The replay of the message with this id: the same for all who replay it. */
  replayIdOf: (originalMessageId: string) => string;
};

const NEVER_ABORTED = new AbortController().signal;
/** https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LATEST_TIME = 8.64e15;

function timeOf(text: string | undefined, otherwise: number): number {
  const time = text === undefined || text === '' ? NaN : Number(text);
  return Number.isInteger(time) && time >= 0 && time <= LATEST_TIME ? time : otherwise;
}

function receiveCountOf(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 1 ? count : 1;
}

/**
 * What a message is a replay of. A dead letter that the AWS console has moved back still says which message it was, and
 * so counts as the same replay that an operator's command would have sent.
 */
function replayOf({ letter, replayId, replayCount, foreign }: ReadAttributes, replayIdOf: Surroundings['replayIdOf']) {
  const alone = replayId === undefined ? foreign.originalMessageId?.value : undefined;
  const original = letter?.originalMessageId ?? alone;
  return original === undefined
    ? { replayId, replayCount }
    : { replayId: replayIdOf(original), replayCount: replayCount + 1 };
}

/** A received message. Whatever its attributes say, it becomes a delivery: what is no number or no time is left out. */
export function toDelivery(message: Message, { logger, now, replayIdOf }: Surroundings): Delivery {
  const { MessageId: messageId = '', ReceiptHandle: receiptHandle = '', Body: body = '', Attributes: system } = message;
  const attributes = readAttributes(message.MessageAttributes);
  const receiveCount = receiveCountOf(system?.ApproximateReceiveCount);
  return {
    messageId,
    receiptHandle,
    body,
    receiveCount,
    attempt: receiveCount,
    sentAt: timeOf(system?.SentTimestamp, now),
    firstReceivedAt: timeOf(system?.ApproximateFirstReceiveTimestamp, now),
    ...replayOf(attributes, replayIdOf),
    foreign: attributes.foreign,
    signal: NEVER_ABORTED,
    facts: {},
    held: {},
    logger,
  };
}
