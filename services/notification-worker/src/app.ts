import {
  NOTIFICATION_QUEUE_EVENTS,
  NotificationRequestedEvent,
  OrderCompletedEvent,
  OrderFailedEvent,
  resourceNames,
} from '@orderflow/contracts';
import { replayIdFor } from '@orderflow/domain/ids';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { createEventPublisher } from '@orderflow/platform/events/publisher';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { createMetrics, type Metrics } from '@orderflow/platform/telemetry/metrics';
import { NO_TRACING, type Tracing } from '@orderflow/platform/telemetry/tracing';
import { createWorker, type Worker, type WorkerOptions } from '@orderflow/platform/worker/create-worker';
import { on } from '@orderflow/platform/worker/dispatch';
import type { WorkItems } from '@orderflow/platform/work-item/process';
import type { NotificationWorkerEnv } from './config.js';
import { failForOutcome, failRequested, sendForOutcome, sendRequested } from './send-notification.js';
import type { Sender } from './sender.js';

export type Dependencies = {
  config: Readonly<NotificationWorkerEnv>;
  aws: AwsClients;
  sender: Sender;
  logger: Logger;
  tracing?: Tracing;
  metrics?: Metrics;
  now: Clock;
  monotonic: MonotonicClock;
  onOutcome?: WorkerOptions['onOutcome'];
};

export function createApp(dependencies: Dependencies): Worker {
  const { config, aws, sender, logger, now, monotonic, onOutcome } = dependencies;
  const { tracing = NO_TRACING, metrics = createMetrics('notification-worker') } = dependencies;
  const names = resourceNames(config.STAGE);
  const executor = createStatementExecutor(aws.dynamo);
  const notifications: WorkItems = {
    table: notificationsTable(names),
    executor,
    now,
    leaseMs: config.VISIBILITY_TIMEOUT_SECONDS * 1_000,
    markerDelayMs: config.OUTBOX_DELAY_MS,
  };
  const orders = ordersTable(names);
  return createWorker({
    env: config,
    aws,
    executor,
    publisher: createEventPublisher(aws.eventBridge, { bus: names.bus, tracing }),
    logger,
    tracing,
    metrics,
    now,
    monotonic,
    queue: names.notificationQueue,
    deadLetterQueue: names.notificationDeadLetterQueue,
    uses: {
      bus: names.bus,
      rules: [names.notificationRequestedRule],
      tables: [notifications.table, orders],
    },
    expected: NOTIFICATION_QUEUE_EVENTS,
    registrations: [
      on(NotificationRequestedEvent, sendRequested(notifications, sender), failRequested(notifications)),
      on(OrderCompletedEvent, sendForOutcome(notifications, orders, sender), failForOutcome(notifications, orders)),
      on(OrderFailedEvent, sendForOutcome(notifications, orders, sender), failForOutcome(notifications, orders)),
    ],
    replayIdOf: replayIdFor,
    ...(onOutcome ? { onOutcome } : {}),
  });
}
