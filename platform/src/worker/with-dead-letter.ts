import { SendMessageCommand, type MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { Sqs } from '../aws/clients.js';
import { PermanentError } from '../errors.js';
import { failpoint } from '../failpoints.js';
import type { Delivery, Middleware, Step } from './types.js';

export type DeadLetterOptions = {
  queueUrl: string;
  /** Attempts after which a message counts as exhausted; below the queue's own maxReceiveCount. */
  maxReceives: number;
  /** Runs once an exhausted message lies in the dead-letter queue. */
  exhausted: Step;
};

type Reason = { code: string; message: string; path?: string };

/** What SQS allows in an attribute, less control characters; an empty value is refused too. */
function attribute(value: string): MessageAttributeValue {
  // Well-formed last: cutting may halve a character.
  const text = value
    .slice(0, 1_000)
    // eslint-disable-next-line no-control-regex -- control characters are what it is about
    .replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, ' ')
    .toWellFormed();
  return { DataType: 'String', StringValue: text || '-' };
}

async function send(sqs: Sqs, queueUrl: string, delivery: Delivery, reason: Reason): Promise<void> {
  const values = {
    code: reason.code,
    reason: reason.message,
    originalMessageId: delivery.messageId,
    receiveCount: String(delivery.receiveCount),
    firstReceivedAt: new Date(delivery.firstReceivedAt).toISOString(),
    ...(reason.path === undefined ? {} : { path: reason.path }),
    ...(delivery.replayId === undefined
      ? {}
      : { replayId: delivery.replayId, replayCount: String(delivery.replayCount) }),
  };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: delivery.body,
      MessageAttributes: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, attribute(value)])),
    }),
  );
}

/**
 * Puts messages that no retry can help into the dead-letter queue, with the reason. The order is: send, then
 * `exhausted`, then (by the caller) the ack; each step can be repeated, so a death in between only repeats it. Copies in
 * the queue are told apart by originalMessageId.
 */
export function withDeadLetter(sqs: Sqs, { queueUrl, maxReceives, exhausted }: DeadLetterOptions): Middleware {
  async function bury(delivery: Delivery, reason: Reason): Promise<'dead-lettered'> {
    await send(sqs, queueUrl, delivery, reason);
    Object.assign(delivery.facts, { code: reason.code, reason: reason.message, path: reason.path });
    return 'dead-lettered';
  }

  return (next) => async (delivery) => {
    // Before the handler: one that crashes its process must not be tried for ever.
    if (delivery.attempt > maxReceives) {
      const message = `received ${delivery.receiveCount} times, the limit is ${maxReceives}`;
      await bury(delivery, { code: 'RECEIVES_EXHAUSTED', message });
      failpoint('dead-letter.after-send');
      try {
        await exhausted(delivery);
      } catch (error) {
        // A message that cannot be decoded has nothing to mark as failed; anything else is tried again.
        if (!(error instanceof PermanentError)) throw error;
      }
      failpoint('dead-letter.after-failed');
      return 'dead-lettered';
    }
    try {
      return await next(delivery);
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      const path = error.details.path;
      return bury(delivery, {
        code: error.code,
        message: error.message,
        ...(typeof path === 'string' ? { path } : {}),
      });
    }
  };
}
