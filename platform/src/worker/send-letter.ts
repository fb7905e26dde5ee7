import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from '../aws/clients.js';
import { errorKindOf } from '../aws/error-kind.js';
import { writeAttributes } from './message-attributes.js';
import type { Delivery } from './delivery.js';

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
