import type { ResourceNames } from '@orderflow/contracts';
import { NOTIFICATION_KEY } from '@orderflow/domain/notifications/notifications-table';
import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { NOTIFIER, ORDER_KEY, type OutcomeConsumers } from '@orderflow/domain/orders/orders-table';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import type { DynamoDb } from '@orderflow/platform/aws/clients';
import { createTableReader, type TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { toError } from '@orderflow/platform/runtime/errors';
import type { Verdict } from './check-item.js';
import { checkNotification } from './check-notification.js';
import { checkOrder, outcomeNotificationId } from './check-order.js';
import type { DeadLettered } from './dead-lettered.js';

export type Item = OrderRecord | NotificationRecord;
export type Checked = { item: Item; verdict: Verdict };

/** One kind of items, and how a page of it is checked. */
export type ItemKind = ReturnType<typeof createItemKinds>[number];

/** What the checks share. */
export type CheckDependencies = {
  dynamo: DynamoDb;
  names: ResourceNames;
  consumers: OutcomeConsumers;
  toleranceMs: number;
  now: () => number;
};
type Dependencies = CheckDependencies & { deadLettered: DeadLettered };

/** An order's items and all timelines, which are most of the data, are not read. */
const ATTRIBUTES = [
  ...['status', 'version', 'effects', 'updatedAt', 'leaseUntil', 'lastReplayId', 'failure', 'correlationId'],
  ...['outboxAt', 'awaiting', 'expiresAt', ORDER_KEY],
];

async function byId(reader: TableReader, key: string, ids: readonly unknown[]): Promise<Map<string, object>> {
  const wanted = [...new Set(ids)].filter((id) => typeof id === 'string' && id !== '') as string[];
  return new Map((await reader.getMany(wanted)).map((item) => [String(item[key]), item]));
}

/** An unreadable row must not end the audit. */
function verdictOf(check: () => Verdict): Verdict {
  try {
    return check();
  } catch (error) {
    const text = `the row cannot be read: ${toError(error).message}`;
    return { class: 'inProgress', problems: [{ kind: 'unreadable', text }] };
  }
}

/** '' for a row without an outcome, or one that `checkOrder` will find unreadable. */
function notificationIdOf(order: Item): string {
  try {
    return outcomeNotificationId(order as OrderRecord) ?? '';
  } catch {
    return '';
  }
}

/**
 * The items that a page refers to are read after the page, because they exist before the state that requires them.
 */
export function createItemKinds(dependencies: Dependencies) {
  const { dynamo, names, deadLettered, consumers, toleranceMs, now } = dependencies;
  const tables = workItemTables(names);
  const orders = createTableReader(dynamo, tables.orders);
  const notifications = createTableReader(dynamo, tables.notifications);

  async function checkOrders(page: Item[]): Promise<Checked[]> {
    const ids = page.map(notificationIdOf);
    const found = await byId(notifications, NOTIFICATION_KEY, NOTIFIER in consumers ? ids : []);
    return page.map((order, index) => {
      const notificationId = ids[index] ?? '';
      const around = {
        ...{ now: now(), toleranceMs, consumers },
        deadLettered: deadLettered.has(names.orderQueue, order.orderId),
        notified: found.has(notificationId),
        deadLetteredFor: Object.entries(consumers).flatMap(([consumer, { queue }]) =>
          deadLettered.has(names[queue], notificationId) ? [consumer] : [],
        ),
      };
      return { item: order, verdict: verdictOf(() => checkOrder(order as OrderRecord, around)) };
    });
  }

  async function checkNotifications(page: Item[]): Promise<Checked[]> {
    const ids = page.map(({ orderId }) => orderId);
    const found = await byId(orders, ORDER_KEY, ids);
    return page.map((item) => {
      const notification = item as NotificationRecord;
      const order = found.get(notification.orderId) as OrderRecord | undefined;
      const isDeadLettered = deadLettered.has(names.notificationQueue, notification.notificationId);
      const around = { now: now(), toleranceMs, deadLettered: isDeadLettered };
      return { item, verdict: verdictOf(() => checkNotification(notification, order, around)) };
    });
  }

  return [
    {
      ...{ name: 'order' as const, table: tables.orders, reader: orders, check: checkOrders },
      attributes: [...ATTRIBUTES, 'customerId', 'totalAmount', 'erasedOn'],
    },
    {
      ...{ name: 'notification' as const, table: tables.notifications, reader: notifications },
      check: checkNotifications,
      attributes: [...ATTRIBUTES, NOTIFICATION_KEY, 'causationId', 'createdAt'],
    },
  ];
}
