import { setTimeout } from 'node:timers/promises';
import {
  NOTIFICATION_STATES,
  notificationRequested,
  ORDER_STATES,
  orderCreated,
  orderOutcome,
  OUTBOX_SHARDS,
  INDEXES,
  queueNames,
  resourceNames,
  type NotificationRecord,
  type OrderRecord,
  type ResourceNames,
} from '@orderflow/contracts';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { countQueue, depthOf } from '@orderflow/platform/aws/queue-counts';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import type { Clock } from '@orderflow/platform/clock';
import { busCheck, createReadiness, ruleCheck, tableCheck } from '@orderflow/platform/health/readiness';
import type { Logger } from '@orderflow/platform/logger';
import { createEventPublisher } from '@orderflow/platform/outbox/event-publisher';
import { createOutboxMetrics } from '@orderflow/platform/outbox/outbox-metrics';
import { runSweeper, type RunningSweeper } from '@orderflow/platform/outbox/run-sweeper';
import { sweep, type OutboxTable, type SweeperOptions } from '@orderflow/platform/outbox/sweeper';
import { createStatementExecutor } from '@orderflow/platform/statements/executor';
import { createTableReader } from '@orderflow/platform/statements/table-reader';
import type { Lifecycle } from '@orderflow/platform/statements/transitions';
import { NO_TRACING, type RunningTracing } from '@orderflow/platform/telemetry/tracing';
import { createMetrics, type Metrics } from '@orderflow/platform/telemetry/metrics';
import { exposeQueueDepths } from '@orderflow/platform/telemetry/queue-depths';
import { AppModule, Background } from './app.module.js';
import type { ApiEnv } from './config.js';
import { asyncApiDocument } from './documentation/asyncapi.js';
import { createHttpApp } from './http/create-http-app.js';
import { createPublishSoon } from './http/publish-soon.js';
import { createLive } from './live/create-live.js';
import { createEventStreams, exposeEventStreams } from './live/event-stream.js';
import { notePublished } from './live/note-published.js';
import { createAcceptNotification } from './notifications/accept-notification.js';
import { createReadNotifications } from './notifications/read-notifications.js';
import { createAcceptOrder } from './orders/accept-order.js';
import { createListOrders } from './orders/list-orders.js';
import { createOrderMetrics } from './orders/order-metrics.js';
import { createReadOrder } from './orders/read-order.js';
import { createReadTimeline } from './orders/read-timeline.js';

export type Dependencies = {
  config: Readonly<ApiEnv>;
  aws: AwsClients;
  logger: Logger;
  tracing?: RunningTracing;
  metrics?: Metrics;
  now: Clock;
};

const OUTBOX_BACKOFF_MAX_MS = 900_000;
const FLUSH_WITHIN_MS = 5_000;

/** The ways of events from the bus to the queues, by what they carry. */
function routesOf({ bus, ...names }: ResourceNames, { NOTIFY_ON_ORDER_OUTCOME: notifies }: Readonly<ApiEnv>) {
  const { orderQueue, notificationQueue } = names;
  return {
    orders: { bus, rule: names.orderCreatedRule, queue: orderQueue },
    notifications: { bus, rule: names.notificationRequestedRule, queue: notificationQueue },
    ...(notifies ? { outcomes: { bus, rule: names.orderOutcomesRule, queue: notificationQueue } } : {}),
  };
}

/** Everything that the API consists of, wired; listening is the caller's. */
export async function createApp(dependencies: Dependencies): Promise<NestFastifyApplication> {
  const { config, aws, logger, now } = dependencies;
  const { tracing = NO_TRACING, metrics = createMetrics('api-gateway') } = dependencies;
  const names = resourceNames(config.STAGE);
  const orderLifecycle: Lifecycle = { table: names.ordersTable, key: 'orderId', states: ORDER_STATES };
  const notificationLifecycle: Lifecycle = {
    table: names.notificationsTable,
    key: 'notificationId',
    states: NOTIFICATION_STATES,
  };
  const executor = createStatementExecutor(aws.dynamo);
  const publisher = notePublished(createEventPublisher(aws.eventBridge, { bus: names.bus, tracing }));
  const orders = createTableReader(aws.dynamo, names.ordersTable, 'orderId');
  const notifications = createTableReader(aws.dynamo, names.notificationsTable, 'notificationId');

  const urlOf = createQueueUrls(aws.sqs);
  const streams = createEventStreams();
  exposeEventStreams(metrics, streams);
  const live = createLive({ config, names, aws, orders, urlOf, streams, isPublished: publisher.isPublished, now });

  const orderMetrics = createOrderMetrics(metrics);
  const accepting = {
    executor,
    publishSoon: createPublishSoon(publisher, logger),
    beginSpan: publisher.beginSpan,
    now,
    outboxDelayMs: config.OUTBOX_DELAY_MS,
  };
  const useCases = {
    acceptOrder: createAcceptOrder({
      ...accepting,
      lifecycle: orderLifecycle,
      reader: orders,
      onCreated: orderMetrics.created,
    }),
    readOrder: createReadOrder(orders),
    listOrders: createListOrders({ orders, now }),
    acceptNotification: createAcceptNotification({
      ...accepting,
      lifecycle: notificationLifecycle,
      reader: notifications,
      orders,
    }),
    readNotifications: createReadNotifications({ orders, notifications }),
    readTimeline: createReadTimeline({ orders, notifications }),
    ...live,
  };

  const routes = routesOf(names, config);
  const readiness = {
    required: createReadiness(
      {
        [`table ${names.ordersTable}`]: tableCheck(aws.dynamo, names.ordersTable, 'orderId'),
        [`table ${names.notificationsTable}`]: tableCheck(aws.dynamo, names.notificationsTable, 'notificationId'),
      },
      { now },
    ),
    deferrable: createReadiness(
      {
        [`bus ${names.bus}`]: busCheck(aws.eventBridge, names.bus),
        ...Object.fromEntries(
          Object.values(routes).map((route) => [`rule ${route.rule}`, ruleCheck(aws.eventBridge, route)]),
        ),
      },
      { now },
    ),
  };

  const countMessages = async (queue: string) => countQueue(aws.sqs, await urlOf(queue));
  const depthOfQueue = (queue: string) => async () => depthOf(await countMessages(queue));
  exposeQueueDepths(metrics, { queues: queueNames(names), count: countMessages, now });
  const orderOutcomes = {
    queueDepth: depthOfQueue(names.notificationQueue),
    eventOf: (item: Record<string, unknown>) => orderOutcome(item as OrderRecord),
  };
  const outbox: OutboxTable[] = [
    {
      lifecycle: orderLifecycle,
      work: { queueDepth: depthOfQueue(names.orderQueue), eventOf: (item) => orderCreated(item as OrderRecord) },
      ...(config.NOTIFY_ON_ORDER_OUTCOME ? { outcome: orderOutcomes } : {}),
      onGivenUp: (item) => {
        orderMetrics.gaveUp(item as OrderRecord);
      },
    },
    {
      lifecycle: notificationLifecycle,
      work: {
        queueDepth: depthOfQueue(names.notificationQueue),
        eventOf: (item) => notificationRequested(item as NotificationRecord),
      },
    },
  ];
  const sweeperOptions: SweeperOptions = {
    index: INDEXES.outbox,
    shards: OUTBOX_SHARDS,
    queueGraceMs: config.QUEUE_GRACE_MS,
    leaseMs: config.VISIBILITY_TIMEOUT_SECONDS * 1_000,
    maxAttempts: config.OUTBOX_MAX_ATTEMPTS,
    backoffBaseMs: config.OUTBOX_DELAY_MS,
    backoffMaxMs: OUTBOX_BACKOFF_MAX_MS,
  };
  const outboxMetrics = createOutboxMetrics(
    metrics,
    outbox.map(({ lifecycle }) => lifecycle.table),
    now(),
  );
  let sweeper: RunningSweeper | undefined;
  const background = new Background({
    start: () => {
      sweeper = runSweeper({
        sweeps: outbox.map((table) => ({
          table: table.lifecycle.table,
          sweep: () =>
            sweep(table, sweeperOptions, { dynamo: aws.dynamo, executor, publisher, now, metrics: outboxMetrics }),
        })),
        intervalMs: config.SWEEP_INTERVAL_MS,
        logger,
      });
    },
    endStreams: () => {
      streams.endAll();
      live.systemFeed.stop();
    },
    stop: async () => {
      await sweeper?.stop();
      await executor.flush();
      // A bus that hangs must not hold the process up: what has not left is the outbox's.
      await Promise.race([publisher.flush(), setTimeout(FLUSH_WITHIN_MS, undefined, { ref: false })]);
      await tracing.stop();
      aws.close();
      logger.info('drained');
    },
  });

  const module = AppModule.of({ useCases, readiness, background });
  return createHttpApp({ module, config, logger, tracing, metrics, asyncApi: asyncApiDocument(names) });
}
