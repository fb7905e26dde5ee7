import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from '../aws/clients.js';
import { errorKindOf } from '../aws/error-kind.js';
import { PermanentError } from '../runtime/errors.js';
import { failpoint } from '../runtime/failpoints.js';
import { Recent } from '../runtime/recent.js';
import { afterAttempts, type Delivery } from './delivery.js';
import { writeAttributes } from './message-attributes.js';
import type { Middleware, Next } from './pipeline.js';

/** Why a message is dead-lettered. */
export type Reason = { code: string; message: string; path?: string };

const SHORT_REASON = 60;

/** Attributes for the copy: first with all of ours, then with fewer, finally only those that the message had. */
function choicesFor(delivery: Delivery, { code, message, path }: Reason): Record<string, string>[] {
  const { messageId, attempt, firstReceivedAt, replayId, replayCount } = delivery;
  const replay: Record<string, string> = replayId === undefined ? {} : { replayId, replayCount: String(replayCount) };
  const least = { code, originalMessageId: messageId, ...replay };
  const times = { attempts: String(attempt), firstReceivedAt: new Date(firstReceivedAt).toISOString() };
  const all = { ...least, ...times, reason: message, ...(path === undefined ? {} : { path }) };
  return [all, { ...least, ...times, reason: message.slice(0, SHORT_REASON) }, least, replay];
}

/**
 * Sends a copy of the message to its dead-letter queue: its body, its senders' attributes and the reason. Attributes count
 * towards the size limit of a message, so a copy that SQS refuses is sent again with fewer of ours.
 */
export async function sendLetter(sqs: Sqs, queueUrl: string, delivery: Delivery, reason: Reason): Promise<void> {
  let refusal: unknown;
  for (const own of choicesFor(delivery, reason)) {
    try {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: delivery.body,
          MessageAttributes: writeAttributes(own, delivery.foreign),
        }),
      );
      return;
    } catch (error) {
      if (errorKindOf(error) !== 'refused') throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/**
 * Sends messages that no retry can help to the dead-letter queue, with the reason. The order is: `exhausted`, then the
 * copy, then (in the poller) the ack. If the ack fails, SQS redelivers the message, and this process remembers that the
 * copy exists. A process that dies before the ack leads to a second copy with the same originalMessageId.
 * @param options.exhausted ends the item of an exhausted message; repeated until it succeeds, and possibly after that
 */
export function withDeadLetter(sqs: Sqs, { queueUrl, exhausted }: { queueUrl: string; exhausted: Next }): Middleware {
  /** Messages whose copy is in the dead-letter queue, by id. */
  const copied = new Recent<Reason>();

  async function bury(delivery: Delivery, reason: Reason): Promise<'dead-lettered'> {
    if (!copied.get(delivery.messageId)) {
      await sendLetter(sqs, queueUrl, delivery, reason);
      copied.set(delivery.messageId, reason);
      failpoint('dead-letter.after-send');
    }
    Object.assign(delivery.facts, { code: reason.code, reason: reason.message, path: reason.path });
    return 'dead-lettered';
  }

  async function end(delivery: Delivery): Promise<void> {
    try {
      await exhausted(delivery);
    } catch (error) {
      // A message that cannot be decoded has no item to end. Any other error is retried.
      if (!(error instanceof PermanentError)) throw error;
    }
    failpoint('dead-letter.after-failed');
  }

  return (next) => async (delivery) => {
    const known = copied.get(delivery.messageId);
    if (known) return bury(delivery, known);
    // Before the handler: a message that crashes the process must not be retried forever.
    if (delivery.isExhausted) {
      await end(delivery);
      return bury(delivery, { code: 'RECEIVES_EXHAUSTED', message: `not finished ${afterAttempts(delivery)}` });
    }
    try {
      return await next(delivery);
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      const { code, message, path } = error;
      return bury(delivery, { code, message, path });
    }
  };
}
