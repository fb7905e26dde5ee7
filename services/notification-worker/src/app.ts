import {
  contentHashOf,
  NotificationRequestedEvent,
  OrderCompletedEvent,
  OrderFailedEvent,
  QUEUE_EVENTS,
  resourceNames,
} from '@orderflow/contracts';
import { replayIdFor } from '@orderflow/domain/ids';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ORDER_OUTCOME_FIELDS } from '@orderflow/domain/orders/order-events';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { createStore, createWorker, type AppDependencies, type Worker } from '@orderflow/platform/worker/create-worker';
import { createBelieveOutcome } from '@orderflow/platform/work-item/stored-outcome';
import { on } from '@orderflow/platform/worker/dispatch';
import type { NotificationWorkerEnv } from './config.js';
import { ensureNotification, factsOfRequest, fail, send } from './send-notification.js';
import type { Sender } from './sender.js';

type Dependencies = AppDependencies<NotificationWorkerEnv> & { sender: Sender };

export function createApp(dependencies: Dependencies): Worker {
  const { config, sender, metrics = createMetrics('notification-worker') } = dependencies;
  const names = resourceNames(config.STAGE);
  const { RETENTION_DAYS: retentionDays } = config;
  const notifications = createStore(notificationsTable(names, { retentionDays }), dependencies);
  const orders = ordersTable(names, { retentionDays });
  const believeOutcome = createBelieveOutcome(dependencies.aws.dynamo, orders, ORDER_OUTCOME_FIELDS);
  const factsOfOutcome = ensureNotification(notifications, orders, believeOutcome);
  const sendForOutcome = send(notifications, sender, factsOfOutcome);
  const failForOutcome = fail(notifications, factsOfOutcome);
  return createWorker({
    ...dependencies,
    env: config,
    executor: notifications.executor,
    metrics,
    queue: names.notificationQueue,
    deadLetterQueue: names.notificationDeadLetterQueue,
    uses: { bus: names.bus, rules: [names.notificationRequestedRule], tables: [notifications.table, orders] },
    expected: QUEUE_EVENTS.notifications,
    registrations: [
      on(NotificationRequestedEvent, send(notifications, sender, factsOfRequest), fail(notifications, factsOfRequest)),
      on(OrderCompletedEvent, sendForOutcome, failForOutcome),
      on(OrderFailedEvent, sendForOutcome, failForOutcome),
    ],
    replayIdOf: replayIdFor,
    contentHashOf,
  });
}
