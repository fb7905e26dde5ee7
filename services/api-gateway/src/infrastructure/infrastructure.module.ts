import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { queueNames, resourceNames, type ResourceNames } from '@orderflow/contracts';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { countQueue, createQueueUrls } from '@orderflow/platform/aws/queues';
import { createStatementExecutor, type BatchingExecutor } from '@orderflow/platform/dynamodb/executor';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { createEventPublisher, type EventPublisher } from '@orderflow/platform/events/publisher';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { within } from '@orderflow/platform/runtime/within';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import { exposeQueueDepths } from '@orderflow/platform/telemetry/queue-depths';
import type { RunningTracing } from '@orderflow/platform/telemetry/tracing';
import { ApiEnv } from '../config.js';
import type { UnreadAnswers } from '../http/limits/unread-answers.js';
import { notePublished } from './note-published.js';
import {
  AWS,
  CLOCK,
  EXECUTOR,
  LOGGER,
  METRICS,
  MONOTONIC,
  NAMES,
  NOTIFICATIONS,
  ORDERS,
  PUBLISHER,
  QUEUES,
  TRACING,
  UNREAD_ANSWERS,
  type Queues,
  type StoredItems,
} from './tokens.js';

export type Infrastructure = {
  config: Readonly<ApiEnv>;
  aws: AwsClients;
  logger: Logger;
  tracing: RunningTracing;
  metrics: Metrics;
  now: Clock;
  monotonic: MonotonicClock;
  unread: UnreadAnswers;
};

const FLUSH_WITHIN_MS = 5_000;

function storedItems({ dynamo }: AwsClients, table: StoredItems['table']): StoredItems {
  return { table, reader: createTableReader(dynamo, table) };
}

const DERIVED: Provider[] = [
  { provide: NAMES, inject: [ApiEnv], useFactory: ({ STAGE }: ApiEnv) => resourceNames(STAGE) },
  { provide: EXECUTOR, inject: [AWS], useFactory: ({ dynamo }: AwsClients) => createStatementExecutor(dynamo) },
  {
    provide: PUBLISHER,
    inject: [AWS, NAMES, TRACING],
    useFactory: ({ eventBridge }: AwsClients, { bus }: ResourceNames, tracing: RunningTracing) =>
      notePublished(createEventPublisher(eventBridge, { bus, tracing })),
  },
  {
    provide: ORDERS,
    inject: [AWS, NAMES, ApiEnv],
    useFactory: (aws: AwsClients, names: ResourceNames, { NOTIFY_ON_ORDER_OUTCOME: notifies }: ApiEnv) =>
      storedItems(aws, ordersTable(names, { notifies })),
  },
  {
    provide: NOTIFICATIONS,
    inject: [AWS, NAMES],
    useFactory: (aws: AwsClients, names: ResourceNames) => storedItems(aws, notificationsTable(names)),
  },
  {
    provide: QUEUES,
    inject: [AWS],
    useFactory: ({ sqs }: AwsClients): Queues => {
      const urlOf = createQueueUrls(sqs);
      return { urlOf, count: async (queue) => countQueue(sqs, await urlOf(queue)) };
    },
  },
];

/** Shared by all features. The module is global, so Nest shuts it down after all others. */
@Module({})
export class InfrastructureModule implements OnApplicationShutdown {
  constructor(
    @Inject(EXECUTOR) private readonly executor: BatchingExecutor,
    @Inject(PUBLISHER) private readonly publisher: EventPublisher,
    @Inject(TRACING) private readonly tracing: RunningTracing,
    @Inject(AWS) private readonly aws: AwsClients,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) metrics: Metrics,
    @Inject(NAMES) names: ResourceNames,
    @Inject(QUEUES) { count }: Queues,
    @Inject(MONOTONIC) private readonly monotonic: MonotonicClock,
  ) {
    exposeQueueDepths(metrics, { queues: queueNames(names), count, monotonic });
  }

  static of(given: Infrastructure): DynamicModule {
    const providers: Provider[] = [
      { provide: ApiEnv, useValue: given.config },
      { provide: AWS, useValue: given.aws },
      { provide: LOGGER, useValue: given.logger },
      { provide: METRICS, useValue: given.metrics },
      { provide: TRACING, useValue: given.tracing },
      { provide: CLOCK, useValue: given.now },
      { provide: MONOTONIC, useValue: given.monotonic },
      { provide: UNREAD_ANSWERS, useValue: given.unread },
      ...DERIVED,
    ];
    return { module: InfrastructureModule, global: true, providers, exports: providers };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.executor.flush();
    // A bus that hangs must not keep the process alive: the outbox still holds unpublished events.
    await within(this.publisher.flush(), { ms: FLUSH_WITHIN_MS, monotonic: this.monotonic, onLate: () => undefined });
    await this.tracing.stop();
    this.aws.close();
    this.logger.info('drained');
  }
}
