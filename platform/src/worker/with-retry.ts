import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from '../aws/clients.js';
import { isUnavailable } from '../aws/error-kind.js';
import { toError } from '../runtime/errors.js';
import type { Breaker } from './breaker.js';
import type { OutageCounts } from './outage-counts.js';
import type { Delivery, Middleware } from './types.js';
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

const A_NAME = /^[\w.$:-]{1,64}$/;

/**
 * What a timeline says of an unexpected error: its name and code. Whoever has the item's id reads it, and an error's text
 * may name hosts, tables, even customers; that stays in the log.
 */
function publicReasonOf(err: Error): string {
  // What is thrown comes from anywhere: neither need be text.
  const { name: given, code } = err as { name?: unknown; code?: unknown };
  const name = typeof given === 'string' && A_NAME.test(given) ? given : 'Error';
  return typeof code === 'string' && A_NAME.test(code) && code !== name ? `${name} (${code})` : name;
}

/** For the item's timeline: it helps whoever looks, and the message comes back without it. */
async function tellItem({ held, facts }: Delivery, err: Error, delaySeconds: number): Promise<void> {
  try {
    await held.item?.postpone({ delaySeconds, reason: publicReasonOf(err) });
  } catch (thrown) {
    facts.timelineError = toError(thrown).message;
  }
}

/**
 * Any error leaves the message in its queue and has it come back later. An outage also pauses the polling, and does not
 * count as an attempt.
 */
export function withRetry(sqs: Sqs, breaker: Breaker, outages: OutageCounts, options: RetryOptions): Middleware {
  return (next) => async (delivery) => {
    const { messageId, receiveCount, facts } = delivery;
    try {
      return await next({ ...delivery, attempt: receiveCount - outages.of(messageId) });
    } catch (thrown) {
      const err = toError(thrown);
      if (isUnavailable(err)) breaker.report(err);
      // What waits behind calls that nothing answers runs out of time without a call of its own.
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
        // The message comes back all the same, when the visibility timeout of this receive has passed.
        if (isUnavailable(visibilityError)) breaker.report(visibilityError);
        Object.assign(facts, { delaySeconds: undefined, visibilityError: toError(visibilityError).message });
      }
      // In an outage it would only be one more call that nothing answers.
      if (!facts.outage) await tellItem(delivery, err, delaySeconds);
      return 'retry';
    }
  };
}
