import { PermanentError } from '../runtime/errors.js';
import { failpoint } from '../runtime/failpoints.js';
import type { Sqs } from '../aws/clients.js';
import { Recent } from '../runtime/recent.js';
import { sendLetter, type Reason } from './send-letter.js';
import { afterAttempts, type Delivery } from './delivery.js';
import type { Middleware, Next } from './pipeline.js';

export type DeadLetterOptions = {
  queueUrl: string;
  /** Ends the item of an exhausted message. Repeated until it succeeds, and possibly after that. */
  exhausted: Next;
};

/**
 * Sends messages that no retry can help to the dead-letter queue, with the reason. The order is: `exhausted`, then the
 * copy, then (in the poller) the ack. If the ack fails, SQS redelivers the message, and this process remembers that the
 * copy exists. A process that dies before the ack leads to a second copy with the same originalMessageId.
 */
export function withDeadLetter(sqs: Sqs, { queueUrl, exhausted }: DeadLetterOptions): Middleware {
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
