import type { Message } from '@aws-sdk/client-sqs';
import type { Sqs } from '../aws/clients.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Clock, MonotonicClock } from '../runtime/clock.js';
import { failpoint } from '../runtime/failpoints.js';
import type { Logger } from '../runtime/logger.js';
import type { Tracing } from '../telemetry/tracing.js';
import type { Breaker } from './breaker.js';
import { toDelivery, type Delivery, type DeliveryOutcome } from './delivery.js';
import type { Dispatcher } from './dispatch.js';
import type { OutageCounts } from './outage-counts.js';
import type { Hold } from './hold.js';
import { withDeadLetter } from './with-dead-letter.js';
import { withHold } from './with-hold.js';
import { withLogLine } from './with-log-line.js';
import { withRetry } from './with-retry.js';
import { withSpan } from './with-span.js';
import { withTimeout } from './with-timeout.js';
import type { WorkerEnv } from './worker-env.js';

/**
 * The rest of the pipeline, down to the handler. The ack rule:
 *
 * - It resolves with any outcome but `retry`: the message is acknowledged, which deletes it from the queue.
 * - It resolves with `retry`: the message stays in the queue, and SQS redelivers it.
 * - It throws: `withDeadLetter` turns a PermanentError into `dead-lettered`; `withRetry` turns all others into `retry`.
 */
export type Next = (delivery: Delivery) => Promise<DeliveryOutcome>;

/** One policy around the rest of the pipeline. */
export type Middleware = (next: Next) => Next;

export type PipelineOptions = {
  env: Readonly<WorkerEnv>;
  sqs: Sqs;
  queue: string;
  queueUrl: string;
  deadLetterUrl: string;
  dispatch: Dispatcher;
  publisher: EventPublisher;
  measured: Middleware;
  breaker: Breaker;
  outages: OutageCounts;
  hold: Hold;
  tracing: Tracing;
  logger: Logger;
  now: Clock;
  monotonic: MonotonicClock;
  replayIdOf: (originalMessageId: string) => string;
  /** Called with every delivery's outcome, for tests. */
  onOutcome?: (outcome: DeliveryOutcome, delivery: Delivery) => void;
};

/** @returns handles a batch of messages and resolves with those to delete from the queue */
export function createPipeline(options: PipelineOptions): (messages: Message[]) => Promise<Message[]> {
  const { env, sqs, queue, dispatch, publisher, breaker, outages, logger, now, monotonic, replayIdOf } = options;

  const run =
    (which: 'handle' | 'exhausted'): Next =>
    async (delivery) => {
      const { event, registration, decoded } = dispatch(delivery);
      const { outcome, events } = await registration[which](event, decoded);
      // Publish before the ack: a message that is still in the queue brings lost events back.
      await Promise.all(events.map((outgoing) => publisher.publish(outgoing)));
      failpoint('worker.after-publish');
      return outcome;
    };

  const held = withHold(options.hold, breaker);
  const inTime = withTimeout(env.HANDLER_TIMEOUT_MS, monotonic);
  /** Outermost first. */
  const middleware: Middleware[] = [
    options.measured,
    withLogLine(monotonic),
    withSpan(options.tracing, { queue, publisher }),
    withRetry(sqs, breaker, outages, {
      queueUrl: options.queueUrl,
      baseSeconds: env.RETRY_BASE_SECONDS,
      maxSeconds: env.RETRY_MAX_SECONDS,
    }),
    withDeadLetter(sqs, {
      queueUrl: options.deadLetterUrl,
      exhausted: held(inTime(run('exhausted'))),
    }),
    // Inside withDeadLetter: a message that cannot be dead-lettered must not delay the others.
    held,
    inTime,
  ];
  const handle = middleware.reduceRight<Next>((next, wrap) => wrap(next), run('handle'));

  return async (messages) => {
    const outcomes = await Promise.all(
      messages.map(async (message) => {
        const delivery = toDelivery(message, {
          logger,
          replayIdOf,
          outages,
          maxAttempts: env.MAX_RECEIVES,
          now: now(),
        });
        const outcome = await handle(delivery);
        options.onOutcome?.(outcome, delivery);
        return outcome;
      }),
    );
    // The ack: sqs-consumer, which pollers.ts runs, deletes these messages.
    return messages.filter((_, index) => outcomes[index] !== 'retry');
  };
}
