import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from '../aws/clients.js';
import { errorKindOf } from '../aws/error-kind.js';
import { writeAttributes } from './message-attributes.js';
import type { Delivery } from './types.js';

/** Why a message is given up. */
export type Reason = { code: string; message: string; path?: string };

const SHORT_REASON = 60;

/** Attributes for the copy, from all that is known of it to as little as the message itself had. */
function choicesFor(delivery: Delivery, { code, message, path }: Reason): Record<string, string>[] {
  const { messageId, attempt, firstReceivedAt, replayId, replayCount } = delivery;
  const replay: Record<string, string> = replayId === undefined ? {} : { replayId, replayCount: String(replayCount) };
  const least = { code, originalMessageId: messageId, ...replay };
  const times = { attempts: String(attempt), firstReceivedAt: new Date(firstReceivedAt).toISOString() };
  const all = { ...least, ...times, reason: message, ...(path === undefined ? {} : { path }) };
  return [all, { ...least, ...times, reason: message.slice(0, SHORT_REASON) }, least, replay];
}

/**
 * Sends a copy of the message to its dead-letter queue: its body, the attributes that others put there, and why it is
 * there. Attributes count towards the size of a message, which a queue limits: a copy that is refused is sent once more
 * with less of ours, and in the end with nothing that the message had not brought along.
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
