import { setTimeout } from 'node:timers/promises';
import { queueNames, resourceNames } from '@orderflow/contracts';
import { NOTIFICATION_STATES } from '@orderflow/domain/notifications/notification';
import { ORDER_STATES } from '@orderflow/domain/orders/order';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { countQueue } from '@orderflow/platform/aws/queue-counts';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import { busCheck, createReadiness, tableCheck } from '@orderflow/platform/health/readiness';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { createEventPublisher } from '@orderflow/platform/events/publisher';
import type { RunningSweeper } from '@orderflow/platform/work-item/run-sweeper';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { Lifecycle } from '@orderflow/platform/work-item/transitions';
import { NO_TRACING, type RunningTracing } from '@orderflow/platform/telemetry/tracing';
import { createMetrics, type Metrics } from '@orderflow/platform/telemetry/metrics';
import { exposeQueueDepths } from '@orderflow/platform/telemetry/queue-depths';
import { AppModule, Background } from './app.module.js';
import type { ApiEnv } from './config.js';
import { asyncApiDocument } from './documentation/asyncapi.js';
import { createHttpApp } from './http/create-http-app.js';
import { limitLists } from './lists/limit-concurrency.js';
import { countDisconnects, createUnreadAnswers } from './http/limits/unread-answers.js';
import { createPublishSoon } from './accepting/publish-soon.js';
import { createLive } from './live/create-live.js';
import { createEventStreams, exposeEventStreams } from './live/event-stream.js';
import { notePublished } from './live/note-published.js';
import { createAcceptNotification } from './notifications/accept-notification.js';
import { createReadNotifications } from './notifications/read-notifications.js';
import { createAcceptOrder } from './orders/accept-order.js';
import { createKeepReadable } from './lists/keep-readable.js';
import { createListOrders } from './orders/list-orders.js';
import { createOrderMetrics } from './orders/order-metrics.js';
import { createReadOrder } from './orders/read-order.js';
import { createReadTimeline } from './orders/read-timeline.js';
import { createReplayOrder } from './orders/replay-order.js';
import { createOutbox } from './outbox/create-outbox.js';

export type Dependencies = {
  config: Readonly<ApiEnv>;
  aws: AwsClients;
  logger: Logger;
  tracing?: RunningTracing;
  metrics?: Metrics;
  now: Clock;
  monotonic: MonotonicClock;
};

const FLUSH_WITHIN_MS = 5_000;

/** Everything that the API consists of, wired; listening is the caller's. */
export async function createApp(dependencies: Dependencies): Promise<NestFastifyApplication> {
  const { config, aws, logger, now, monotonic } = dependencies;
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
  const unread = createUnreadAnswers({
    mostBytes: config.UNREAD_BYTES_MAX,
    stalledAfterMs: config.WRITE_TIMEOUT_MS,
    onDisconnect: countDisconnects(metrics),
  });
  const streams = createEventStreams({ mostPerClient: config.STREAMS_PER_CLIENT_MAX, makeRoom: unread.makeRoom });
  exposeEventStreams(metrics, streams);
  const keepReadable = createKeepReadable(logger);
  const live = createLive({
    ...{ config, names, aws, orders, notifications, urlOf, streams, keepReadable, logger, now, monotonic },
    isPublished: publisher.isPublished,
  });

  const orderMetrics = createOrderMetrics(metrics);
  const accepting = {
    executor,
    publishSoon: createPublishSoon(publisher, logger),
    beginSpan: publisher.beginSpan,
    now,
    outboxDelayMs: config.OUTBOX_DELAY_MS,
  };
  const lists = { limit: limitLists(), keepReadable };
  const useCases = {
    acceptOrder: createAcceptOrder({
      ...accepting,
      lifecycle: orderLifecycle,
      reader: orders,
      onCreated: orderMetrics.created,
    }),
    readOrder: createReadOrder(orders),
    replayOrder: createReplayOrder({ ...accepting, lifecycle: orderLifecycle, reader: orders }),
    listOrders: createListOrders({ orders, now, monotonic, ...lists }),
    acceptNotification: createAcceptNotification({
      ...accepting,
      lifecycle: notificationLifecycle,
      reader: notifications,
      orders,
    }),
    readNotifications: createReadNotifications({ orders, notifications, ...lists }),
    readTimeline: createReadTimeline({ orders, notifications, ...lists }),
    ...live,
  };

  const countMessages = async (queue: string) => countQueue(aws.sqs, await urlOf(queue));
  exposeQueueDepths(metrics, { queues: queueNames(names), count: countMessages, monotonic });
  const outbox = createOutbox({
    ...{ config, names, aws, executor, publisher, metrics, logger, now, monotonic },
    orders: { lifecycle: orderLifecycle, reader: orders },
    notifications: { lifecycle: notificationLifecycle, reader: notifications },
    countQueue: countMessages,
    onOrderGivenUp: orderMetrics.gaveUp,
  });
  let draining = false;
  const readiness = {
    isDraining: () => draining,
    required: createReadiness(
      {
        [`table ${names.ordersTable}`]: tableCheck(aws.dynamo, names.ordersTable, 'orderId'),
        [`table ${names.notificationsTable}`]: tableCheck(aws.dynamo, names.notificationsTable, 'notificationId'),
      },
      { monotonic },
    ),
    deferrable: createReadiness(
      { [`bus ${names.bus}`]: busCheck(aws.eventBridge, names.bus), ...outbox.checks },
      { monotonic },
    ),
  };
  let sweeper: RunningSweeper | undefined;
  const background = new Background({
    start: () => {
      sweeper = outbox.start();
    },
    leave: async () => {
      draining = true;
      await setTimeout(config.SHUTDOWN_DELAY_MS);
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
  const shared = { config, logger, tracing, metrics, monotonic, unread };
  return createHttpApp({ module, ...shared, asyncApi: asyncApiDocument(names) });
}
