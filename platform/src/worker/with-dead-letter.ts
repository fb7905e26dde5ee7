import { PermanentError } from '../runtime/errors.js';
import { failpoint } from '../runtime/failpoints.js';
import type { Sqs } from '../aws/clients.js';
import { createRecent } from './recent.js';
import { sendLetter, type Reason } from './send-letter.js';
import type { Delivery, Middleware, Step } from './types.js';

export type DeadLetterOptions = {
  queueUrl: string;
  /** Attempts after which a message counts as exhausted: its next receive ends it. Below the queue's maxReceiveCount. */
  maxReceives: number;
  /** Ends the item of an exhausted message. Repeated until it succeeds, and maybe after that. */
  exhausted: Step;
};

/** How often the work was begun. */
export const afterAttempts = ({ attempt }: Pick<Delivery, 'attempt'>): string =>
  `after ${attempt} ${attempt === 1 ? 'attempt' : 'attempts'}`;

function reasonOf({ code, message, details }: PermanentError): Reason {
  const { path } = details;
  return { code, message, ...(typeof path === 'string' ? { path } : {}) };
}

/**
 * Puts messages that no retry can help into the dead-letter queue, with the reason. What may fail again and again comes
 * first: `exhausted`, then the copy, then (by the caller) the ack. A message whose ack fails comes back; this process
 * remembers that its copy is there. One that dies between the two leaves a further copy, with the same originalMessageId.
 */
export function withDeadLetter(sqs: Sqs, { queueUrl, maxReceives, exhausted }: DeadLetterOptions): Middleware {
  /** By message id, why it was given up: its copy is in the dead-letter queue. */
  const copied = createRecent<Reason>();

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
      // A message that cannot be decoded has nothing to mark as failed; anything else is tried again.
      if (!(error instanceof PermanentError)) throw error;
    }
    failpoint('dead-letter.after-failed');
  }

  return (next) => async (received) => {
    const delivery = { ...received, attempt: Math.min(received.attempt, maxReceives) };
    delivery.facts.attempt = delivery.attempt;
    const known = copied.get(delivery.messageId);
    if (known) return bury(delivery, known);
    // Before the handler: one that crashes its process must not be tried for ever.
    if (received.attempt > maxReceives) {
      await end(delivery);
      return bury(delivery, { code: 'RECEIVES_EXHAUSTED', message: `not finished ${afterAttempts(delivery)}` });
    }
    try {
      return await next(delivery);
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      return bury(delivery, reasonOf(error));
    }
  };
}
