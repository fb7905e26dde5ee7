import type { Message } from '@aws-sdk/client-sqs';
import type { AwsClients } from '../aws/clients.js';
import { createQueueUrls } from '../aws/queue-urls.js';
import type { Clock, MonotonicClock } from '../runtime/clock.js';
import { failpoint } from '../runtime/failpoints.js';
import {
  busCheck,
  createReadiness,
  probeAll,
  queueCheck,
  ruleCheck,
  tableCheck,
  type Check,
  type CheckReport,
} from '../health/readiness.js';
import type { Logger } from '../runtime/logger.js';
import type { EventPublisher } from '../events/publisher.js';
import type { BatchingExecutor } from '../dynamodb/executor.js';
import { NO_TRACING, type Tracing } from '../telemetry/tracing.js';
import type { Metrics, Scrape } from '../telemetry/metrics.js';
import { createBreaker } from './breaker.js';
import type { EventClass } from '../events/decode.js';
import { createOutageCounts } from './outage-counts.js';
import { startPollers, type Pollers } from './pollers.js';
import { createRouter, type Registration } from './dispatch.js';
import { toDelivery } from './to-delivery.js';
import type { Delivery, Middleware, Outcome, Step } from './types.js';
import { withDeadLetter } from './with-dead-letter.js';
import { withLogLine } from './with-log-line.js';
import { exposePolling, withMetrics } from './with-metrics.js';
import { withRetry } from './with-retry.js';
import { withSpan } from './with-span.js';
import { withTimeout } from './with-timeout.js';
import type { WorkerEnv } from './worker-env.js';

export type WorkerOptions = {
  env: Readonly<WorkerEnv>;
  aws: AwsClients;
  /** The handlers' own; a stop waits for what they have asked of it. */
  executor: Pick<BatchingExecutor, 'flush'>;
  publisher: EventPublisher;
  logger: Logger;
  tracing?: Tracing;
  metrics: Metrics;
  now: Clock;
  monotonic: MonotonicClock;
  queue: string;
  deadLetterQueue: string;
  /** What readiness looks at besides the queues. */
  uses: { bus: string; rules: string[]; tables: { name: string; key: string }[] };
  /** Event classes that the queue's rules let through; each needs a handler. */
  expected: readonly EventClass[];
  registrations: readonly Registration[];
  /** The replay of the message with this id: the same for all who replay it, however they do. */
  replayIdOf: (originalMessageId: string) => string;
  /** Told of every delivery's outcome, for tests. */
  onOutcome?: (outcome: Outcome, delivery: Delivery) => void;
};

export type Worker = {
  start(): void;
  /** Resolves when nothing is in flight and every event has left. */
  stop(): Promise<void>;
  /** False when polling has died: no sign of life for POLLER_WEDGED_AFTER_MS. An outage is not a wedged poller. */
  isLive(): boolean;
  readiness(): Promise<CheckReport>;
  scrape(): Promise<Scrape>;
};

/** A queue's worker: pollers, the pipeline around the handlers, health. Owns no client and no process. */
export function createWorker(options: WorkerOptions): Worker {
  const { env, aws, publisher, metrics, now, monotonic, queue, deadLetterQueue, uses } = options;
  const logger = options.logger.child({ queue });
  const urlOf = createQueueUrls(aws.sqs);
  const checks: Record<string, Check> = {
    [queue]: queueCheck(aws.sqs, () => urlOf(queue)),
    [deadLetterQueue]: queueCheck(aws.sqs, () => urlOf(deadLetterQueue)),
    [`bus ${uses.bus}`]: busCheck(aws.eventBridge, uses.bus),
    ...Object.fromEntries(
      uses.rules.map((rule) => [`rule ${rule}`, ruleCheck(aws.eventBridge, { bus: uses.bus, rule, queue })]),
    ),
    ...Object.fromEntries(uses.tables.map((table) => [`table ${table.name}`, tableCheck(aws.dynamo, table)])),
  };
  const readiness = createReadiness(checks, { monotonic });
  const probe = () => probeAll(checks, { monotonic });
  const breaker = createBreaker({ probe, logger, monotonic });
  const outages = createOutageCounts();
  const router = createRouter(options.expected, options.registrations, publisher);

  const measured = withMetrics(metrics, queue, { now, monotonic });
  const createdAt = now();
  exposePolling(metrics, queue, {
    lastReturnAt: () => pollers?.lastReturnAt() ?? createdAt,
    breakerState: () => breaker.state,
  });

  function buildPipeline(queueUrl: string, deadLetterUrl: string): Step {
    const middleware: Middleware[] = [
      measured,
      withLogLine(monotonic),
      withSpan(options.tracing ?? NO_TRACING, { queue, publisher }),
      withRetry(aws.sqs, breaker, outages, {
        queueUrl,
        baseSeconds: env.RETRY_BASE_SECONDS,
        maxSeconds: env.RETRY_MAX_SECONDS,
      }),
      withDeadLetter(aws.sqs, {
        queueUrl: deadLetterUrl,
        maxReceives: env.MAX_RECEIVES,
        exhausted: withTimeout(env.HANDLER_TIMEOUT_MS, monotonic)(router.exhausted),
      }),
      withTimeout(env.HANDLER_TIMEOUT_MS, monotonic),
    ];
    return middleware.reduceRight<Step>((next, wrap) => wrap(next), router.handle);
  }

  /** The queues' URLs, once everything is there: a bus that is not would swallow events and report success. */
  async function findQueues(): Promise<[string, string] | undefined> {
    for (;;) {
      const pass = await breaker.enter();
      if (!pass) return undefined;
      try {
        const [queueUrl, deadLetterUrl] = await Promise.all([urlOf(queue), urlOf(deadLetterQueue), probe()]);
        pass.done();
        return [queueUrl, deadLetterUrl];
      } catch (error) {
        breaker.report(error);
      }
    }
  }

  let pollers: Pollers | undefined;
  let stopped = false;

  async function begin(): Promise<void> {
    const urls = await findQueues();
    if (!urls || stopped) return;
    const pipeline = buildPipeline(...urls);
    const handleBatch = async (messages: Message[]): Promise<Message[]> => {
      const outcomes = await Promise.all(
        messages.map(async (message) => {
          const delivery = toDelivery(message, { logger, now: now(), replayIdOf: options.replayIdOf });
          const outcome = await pipeline(delivery);
          options.onOutcome?.(outcome, delivery);
          return outcome;
        }),
      );
      return messages.filter((_, index) => outcomes[index] !== 'retry');
    };
    pollers = startPollers(
      {
        queueUrl: urls[0],
        pollers: env.WORKER_POLLERS,
        waitTimeSeconds: env.SQS_WAIT_TIME_SECONDS,
        visibilityTimeoutSeconds: env.VISIBILITY_TIMEOUT_SECONDS,
        handlerTimeoutMs: env.HANDLER_TIMEOUT_MS,
        wedgedAfterMs: env.POLLER_WEDGED_AFTER_MS,
        handleBatch,
        onOutage: (messages) => {
          for (const { MessageId: id } of messages) if (id !== undefined) outages.add(id);
        },
      },
      { aws, breaker, logger, now, monotonic },
    );
    logger.info('polling', { pollers: env.WORKER_POLLERS });
  }

  return {
    start: () => {
      void begin();
    },
    stop: async () => {
      stopped = true;
      breaker.stop();
      failpoint('worker.during-drain');
      await pollers?.stop();
      // What a handler that ran out of time has left behind.
      await options.executor.flush();
      await publisher.flush();
    },
    isLive: () => pollers?.areLive() ?? true,
    readiness,
    scrape: () => metrics.scrape(),
  };
}
