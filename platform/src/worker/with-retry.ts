import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from '../aws/clients.js';
import { isUnavailable } from '../aws/error-kind.js';
import { publicNameOf, toError } from '../runtime/errors.js';
import type { Breaker } from './breaker.js';
import type { OutageCounts } from './outage-counts.js';
import type { Delivery } from './delivery.js';
import type { Middleware } from './pipeline.js';
import { HandlerTimeoutError } from './with-timeout.js';

export type RetryOptions = { queueUrl: string; baseSeconds: number; maxSeconds: number };

/**
 * Exponential backoff with full jitter, in whole seconds of 1 or more.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelaySeconds(
  receiveCount: number,
  { baseSeconds, maxSeconds }: Omit<RetryOptions, 'queueUrl'>,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxSeconds, baseSeconds * 2 ** (receiveCount - 1));
  return Math.max(1, Math.round(random() * ceiling));
}

/**
 * Lets the next attempt claim the item, and records the retry in its timeline, which its customer can read. The message is redelivered even if this
 * fails.
 */
async function giveClaimBack({ claim, facts }: Delivery, err: Error, delaySeconds: number): Promise<void> {
  try {
    await claim.postpone?.({ delaySeconds, reason: publicNameOf(err) });
  } catch (thrown) {
    facts.timelineError = toError(thrown).message;
  }
}

/**
 * Turns any error into `retry`: the message stays in its queue and SQS redelivers it after a delay. An outage also pauses
 * polling and does not count as an attempt.
 */
export function withRetry(sqs: Sqs, breaker: Breaker, outages: OutageCounts, options: RetryOptions): Middleware {
  return (next) => async (delivery) => {
    const { messageId, receiveCount, facts } = delivery;
    try {
      return await next(delivery);
    } catch (thrown) {
      const err = toError(thrown);
      if (isUnavailable(err)) breaker.report(err);
      // A handler can run out of time while it waits behind other handlers' unanswered calls.
      const ranOutOfTime = err instanceof HandlerTimeoutError && breaker.state !== 'closed';
      if (isUnavailable(err) || ranOutOfTime) {
        outages.add(messageId);
        facts.outage = true;
      }
      const delaySeconds = retryDelaySeconds(receiveCount, options);
      Object.assign(facts, { err, delaySeconds });
      try {
        await sqs.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: options.queueUrl,
            ReceiptHandle: delivery.receiptHandle,
            VisibilityTimeout: delaySeconds,
          }),
        );
      } catch (visibilityError) {
        // SQS redelivers the message anyway, after the visibility timeout of this receive.
        if (isUnavailable(visibilityError)) breaker.report(visibilityError);
        Object.assign(facts, { delaySeconds: undefined, visibilityError: toError(visibilityError).message });
      }
      // In an outage this call would also go unanswered.
      if (!facts.outage) await giveClaimBack(delivery, err, delaySeconds);
      return 'retry';
    }
  };
}
