import { setTimeout } from 'node:timers/promises';
import {
  NOTIFICATION_STATES,
  notificationRequested,
  ORDER_STATES,
  orderCreated,
  orderOutcome,
  OUTBOX_SHARDS,
  INDEXES,
  resourceNames,
  type NotificationRecord,
  type OrderRecord,
} from '@orderflow/contracts';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { countQueue, depthOf } from '@orderflow/platform/aws/queue-counts';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import type { Clock } from '@orderflow/platform/clock';
import { busCheck, createReadiness, ruleTargetCheck, tableCheck } from '@orderflow/platform/health/readiness';
import type { Logger } from '@orderflow/platform/logger';
import { createEventPublisher } from '@orderflow/platform/outbox/event-publisher';
import { runSweeper, type RunningSweeper } from '@orderflow/platform/outbox/run-sweeper';
import { sweep, type OutboxTable, type SweeperOptions } from '@orderflow/platform/outbox/sweeper';
import { createStatementExecutor } from '@orderflow/platform/statements/executor';
import { createTableReader } from '@orderflow/platform/statements/table-reader';
import type { Lifecycle } from '@orderflow/platform/statements/transitions';
import { AppModule, Background } from './app.module.js';
import type { ApiEnv } from './config.js';
import { asyncApiDocument } from './documentation/asyncapi.js';
import { createHttpApp } from './http/create-http-app.js';
import { createPublishSoon } from './http/publish-soon.js';
import { createAcceptNotification } from './notifications/accept-notification.js';
import { createReadNotifications } from './notifications/read-notifications.js';
import { createAcceptOrder } from './orders/accept-order.js';
import { createListOrders } from './orders/list-orders.js';
import { createReadOrder } from './orders/read-order.js';

export type Dependencies = { config: Readonly<ApiEnv>; aws: AwsClients; logger: Logger; now: Clock };

const OUTBOX_BACKOFF_MAX_MS = 900_000;
const FLUSH_WITHIN_MS = 5_000;

/** Everything that the API consists of, wired; listening is the caller's. */
export async function createApp({ config, aws, logger, now }: Dependencies): Promise<NestFastifyApplication> {
  const names = resourceNames(config.STAGE);
  const orderLifecycle: Lifecycle = { table: names.ordersTable, key: 'orderId', states: ORDER_STATES };
  const notificationLifecycle: Lifecycle = {
    table: names.notificationsTable,
    key: 'notificationId',
    states: NOTIFICATION_STATES,
  };
  const executor = createStatementExecutor(aws.dynamo);
  const publisher = createEventPublisher(aws.eventBridge, { bus: names.bus });
  const orders = createTableReader(aws.dynamo, names.ordersTable, 'orderId');
  const notifications = createTableReader(aws.dynamo, names.notificationsTable, 'notificationId');

  const accepting = {
    executor,
    publishSoon: createPublishSoon(publisher, logger),
    now,
    outboxDelayMs: config.OUTBOX_DELAY_MS,
  };
  const useCases = {
    acceptOrder: createAcceptOrder({ ...accepting, lifecycle: orderLifecycle, reader: orders }),
    readOrder: createReadOrder(orders),
    listOrders: createListOrders({ orders, now }),
    acceptNotification: createAcceptNotification({
      ...accepting,
      lifecycle: notificationLifecycle,
      reader: notifications,
      orders,
    }),
    readNotifications: createReadNotifications({ orders, notifications }),
  };

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
        [`rule ${names.orderCreatedRule}`]: ruleTargetCheck(aws.eventBridge, names.bus, names.orderCreatedRule),
      },
      { now },
    ),
  };

  const urlOf = createQueueUrls(aws.sqs);
  const depthOfQueue = (queue: string) => async () => depthOf(await countQueue(aws.sqs, await urlOf(queue)));
  const orderOutcomes = {
    queueDepth: depthOfQueue(names.notificationQueue),
    eventOf: (item: Record<string, unknown>) => orderOutcome(item as OrderRecord),
  };
  const outbox: OutboxTable[] = [
    {
      lifecycle: orderLifecycle,
      work: { queueDepth: depthOfQueue(names.orderQueue), eventOf: (item) => orderCreated(item as OrderRecord) },
      ...(config.NOTIFY_ON_ORDER_OUTCOME ? { outcome: orderOutcomes } : {}),
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
  let sweeper: RunningSweeper | undefined;
  const background = new Background(
    () => {
      sweeper = runSweeper({
        sweeps: outbox.map((table) => ({
          table: table.lifecycle.table,
          sweep: () => sweep(table, sweeperOptions, { dynamo: aws.dynamo, executor, publisher, now }),
        })),
        intervalMs: config.SWEEP_INTERVAL_MS,
        logger,
      });
    },
    async () => {
      await sweeper?.stop();
      // A bus that hangs must not hold the process up: what has not left is the outbox's.
      await Promise.race([publisher.flush(), setTimeout(FLUSH_WITHIN_MS, undefined, { ref: false })]);
      aws.close();
      logger.info('drained');
    },
  );

  const module = AppModule.of({ useCases, readiness, background });
  return createHttpApp({ module, config, logger, asyncApi: asyncApiDocument(names) });
}
