import type { AwsClients } from '../aws/clients.js';
import { createQueueUrls } from '../aws/queues.js';
import type { Denials } from '../aws/watch-denials.js';
import { createStatementExecutor, type BatchingExecutor } from '../dynamodb/executor.js';
import type { Decodable, EventClass } from '../events/decode.js';
import { createEventPublisher } from '../events/publisher.js';
import { busCheck, queueCheck, ruleCheck, tableCheck, type Check } from '../health/checks.js';
import { createReadiness, probeAll, withDenials } from '../health/readiness.js';
import { failpoint } from '../runtime/failpoints.js';
import type { Metrics } from '../telemetry/metrics.js';
import { NO_TRACING, type Tracing } from '../telemetry/tracing.js';
import type { WorkItemStore } from '../work-item/claim.js';
import type { WorkItemTable } from '../work-item/work-item.js';
import { createBreaker } from './breaker.js';
import { createDispatcher, type Registration } from './dispatch.js';
import { createHold } from './hold.js';
import { OutageCounts } from './outage-counts.js';
import { createPipeline, type PipelineOptions } from './pipeline.js';
import { startPollers, type Pollers } from './pollers.js';
import { exposePolling, withMetrics } from './with-metrics.js';
import type { WorkerEnv } from './worker-env.js';

export type WorkerOptions = Pick<
  PipelineOptions,
  'env' | 'queue' | 'logger' | 'now' | 'monotonic' | 'replayIdOf' | 'onOutcome'
> & {
  /** From `watchDenials`, like all clients that the handlers use. */
  aws: AwsClients;
  denials: Denials;
  /** Used by the handlers. A stop waits until it has sent everything. */
  executor: Pick<BatchingExecutor, 'flush'>;
  tracing?: Tracing;
  metrics: Metrics;
  deadLetterQueue: string;
  /** The bus for the handlers' events, and what else readiness checks besides the queues. */
  uses: { bus: string; rules: string[]; tables: { name: string; key: string }[] };
  contentHashOf: Decodable['contentHashOf'];
  /** Event classes that the queue's rules let through. Each needs a handler. */
  expected: readonly EventClass[];
  registrations: readonly Registration[];
};

/** What a service's `createApp` takes, besides its adapters. */
export type AppDependencies<Config> = Pick<
  WorkerOptions,
  'aws' | 'logger' | 'tracing' | 'now' | 'monotonic' | 'onOutcome'
> & { config: Readonly<Config>; metrics?: Metrics };

/** The items that a worker's messages are about. A lease lasts as long as its message stays invisible. */
export const createStore = (table: WorkItemTable, { aws, config, now }: AppDependencies<WorkerEnv>) =>
  ({
    table,
    executor: createStatementExecutor(aws.dynamo),
    now,
    leaseMs: config.VISIBILITY_TIMEOUT_SECONDS * 1_000,
    markerDelayMs: config.OUTBOX_DELAY_MS,
  }) satisfies WorkItemStore;

export type Worker = ReturnType<typeof createWorker>;

/** A queue's worker: readiness, pollers, and the pipeline around the handlers. Owns no client and no process. */
export function createWorker(options: WorkerOptions) {
  const { env, aws, executor, tracing = NO_TRACING, metrics, now, monotonic, queue, deadLetterQueue, uses } = options;
  const logger = options.logger.child({ queue });
  const urlOf = createQueueUrls(aws.sqs);
  const { bus, rules, tables } = uses;
  const checks: Record<string, Check> = {
    [queue]: queueCheck(aws.sqs, () => urlOf(queue)),
    [deadLetterQueue]: queueCheck(aws.sqs, () => urlOf(deadLetterQueue)),
    [`bus ${bus}`]: busCheck(aws.eventBridge, bus),
  };
  for (const rule of rules) checks[`rule ${rule}`] = ruleCheck(aws.eventBridge, { bus, rule, queue });
  for (const table of tables) checks[`table ${table.name}`] = tableCheck(aws.dynamo, table);
  const probe = () => probeAll(checks, { monotonic });
  const publisher = createEventPublisher(aws.eventBridge, { bus, tracing });
  const hold = createHold();
  const ask = async () => {
    const denial = hold.denial();
    // The probe makes other calls than the work, and AWS may allow all of them.
    if (denial) throw denial;
    await probe();
  };
  const breaker = createBreaker({ probe: ask, logger, monotonic });
  const outages = new OutageCounts();
  const dispatch = createDispatcher(options.expected, options.registrations, options.contentHashOf);
  const measured = withMetrics(metrics, queue, { now, monotonic });
  const shared = { ...options, dispatch, publisher, measured, breaker, outages, hold, tracing, logger };

  const readiness = createReadiness(checks, { monotonic, logger });
  const createdAt = now();
  let pollers: Pollers | undefined;
  let stopped = false;
  exposePolling(metrics, queue, {
    lastReturnAt: () => pollers?.lastReturnAt() ?? createdAt,
    breakerState: () => breaker.state,
  });

  /** Waits until the whole topology exists: a missing bus would swallow events and report success. */
  async function findQueues(): Promise<[queueUrl: string, deadLetterUrl: string] | undefined> {
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

  async function begin(): Promise<void> {
    const urls = await findQueues();
    if (!urls || stopped) return;
    const [queueUrl, deadLetterUrl] = urls;
    pollers = startPollers(
      {
        queueUrl,
        env,
        handleBatch: createPipeline({ ...shared, sqs: aws.sqs, queueUrl, deadLetterUrl }),
        onOutage: (messages) => {
          for (const { MessageId: id } of messages) if (id !== undefined) outages.add(id);
        },
      },
      { aws, breaker, hold, logger, now, monotonic },
    );
    logger.info('polling', { pollers: env.WORKER_POLLERS });
  }

  return {
    start: () => {
      void begin();
    },
    /** Resolves when nothing is in flight and every event is published. */
    stop: async () => {
      stopped = true;
      breaker.stop();
      hold.stop();
      failpoint('worker.during-drain');
      await pollers?.stop();
      // A handler that ran out of time may have left statements and events behind.
      await executor.flush();
      await publisher.flush();
    },
    /** False when a poller has shown no sign of life for POLLER_WEDGED_AFTER_MS. An outage does not count as that. */
    isLive: () => pollers?.areLive() ?? true,
    readiness: async () => withDenials(await readiness(), options.denials),
    scrape: () => metrics.scrape(),
  };
}
