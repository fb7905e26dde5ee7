import { afterEach } from '@jest/globals';
import {
  NotificationRequestedEvent,
  NotificationSentEvent,
  OrderCompletedEvent,
  OrderFailedEvent,
  resourceNames,
} from '@orderflow/contracts';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { createWorkerSystem } from '../worker-system.js';
import type { Worker } from '@orderflow/platform/worker/create-worker';
import { createApp } from '../../../services/notification-worker/src/app.js';
import { loadConfig } from '../../../services/notification-worker/src/config.js';
import type { NotificationToSend, Sender } from '../../../services/notification-worker/src/sender.js';

export const NAMES = resourceNames('test');

const running = new Set<Worker>();
afterEach(async () => {
  await Promise.all([...running].map((worker) => worker.stop()));
  running.clear();
});

/** The notification worker with fakes, stopped after each test. Sending succeeds unless `plan` fails. */
export function startNotificationWorker(env: NodeJS.ProcessEnv = {}) {
  const rule = { eventBusName: NAMES.bus, queue: NAMES.notificationQueue };
  const system = createWorkerSystem({
    queue: NAMES.notificationQueue,
    deadLetterQueue: NAMES.notificationDeadLetterQueue,
    table: notificationsTable(NAMES),
    otherTables: [ordersTable(NAMES)],
    rules: [
      { ...rule, name: NAMES.notificationRequestedRule, detailTypes: [NotificationRequestedEvent.type] },
      { ...rule, name: NAMES.orderOutcomesRule, detailTypes: [OrderCompletedEvent.type, OrderFailedEvent.type] },
      // No service consumes these; a separate queue keeps them apart.
      { ...rule, name: 'sent', detailTypes: [NotificationSentEvent.type], queue: 'sent' },
    ],
  });
  const sent: NotificationToSend[] = [];
  const plan: Sender = { send: async () => undefined };
  const worker = createApp({
    config: loadConfig({ STAGE: 'test', ...env }),
    aws: system.clients,
    sender: {
      send: (notification) => {
        sent.push(notification);
        return plan.send(notification);
      },
    },
    logger: system.log.logger,
    now: system.now,
    monotonic: system.monotonic,
    onOutcome: system.outcomes.record,
  });
  running.add(worker);
  worker.start();
  return {
    ...system,
    worker,
    sent,
    plan,
    notification: system.item,
    notifications: () => system.aws.dynamo.items(NAMES.notificationsTable),
  };
}

export type NotificationSystem = ReturnType<typeof startNotificationWorker>;
