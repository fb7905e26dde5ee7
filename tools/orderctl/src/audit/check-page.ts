import type { ResourceNames } from '@orderflow/contracts';
import { NOTIFICATION_KEY, notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { ORDER_KEY, ordersTable, type OutcomeConsumers } from '@orderflow/domain/orders/orders-table';
import type { DynamoDb } from '@orderflow/platform/aws/clients';
import { createTableReader, type TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { toError } from '@orderflow/platform/runtime/errors';
import { checkNotification, checkOrder, outcomeNotificationId, type Verdict } from './check-item.js';
import type { DeadLettered } from './dead-lettered.js';

export type Item = OrderRecord | NotificationRecord;
export type Checked = { item: Item; verdict: Verdict };

/** One kind of items, and how a page of it is checked. */
export type ItemKind = {
  name: 'order' | 'notification';
  table: string;
  key: string;
  reader: TableReader;
  /** What is read. An order's items and all timelines, which are most of the data, are not. */
  attributes: string[];
  check: (page: Item[]) => Promise<Checked[]>;
};

type Dependencies = {
  dynamo: DynamoDb;
  names: ResourceNames;
  deadLettered: DeadLettered;
  consumers: OutcomeConsumers;
  outcomesExpected: boolean;
  toleranceMs: number;
  now: () => number;
};

const ATTRIBUTES = [
  ...['status', 'version', 'effects', 'updatedAt', 'leaseUntil', 'lastReplayId', 'failure', 'correlationId'],
  ...['outboxAt', 'awaiting', ORDER_KEY],
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
export function createItemKinds(dependencies: Dependencies): ItemKind[] {
  const { dynamo, names, deadLettered, consumers, outcomesExpected, toleranceMs, now } = dependencies;
  const orders = createTableReader(dynamo, ordersTable(names));
  const notifications = createTableReader(dynamo, notificationsTable(names));

  async function checkOrders(page: Item[]): Promise<Checked[]> {
    const ids = page.map(notificationIdOf);
    const found = await byId(notifications, NOTIFICATION_KEY, outcomesExpected ? ids : []);
    return page.map((order, index) => {
      const notificationId = ids[index] ?? '';
      const around = {
        ...{ now: now(), toleranceMs, consumers, outcomesExpected },
        deadLettered: deadLettered.hasOrder(order.orderId),
        notified: found.has(notificationId),
        outcomeDeadLettered: deadLettered.hasNotification(notificationId),
      };
      return { item: order, verdict: verdictOf(() => checkOrder(order as OrderRecord, around)) };
    });
  }

  async function checkNotifications(page: Item[]): Promise<Checked[]> {
    const found = await byId(
      orders,
      ORDER_KEY,
      page.map(({ orderId }) => orderId),
    );
    return page.map((item) => {
      const notification = item as NotificationRecord;
      const order = found.get(notification.orderId) as OrderRecord | undefined;
      const isDeadLettered = deadLettered.hasNotification(notification.notificationId);
      const around = { now: now(), toleranceMs, deadLettered: isDeadLettered };
      return { item, verdict: verdictOf(() => checkNotification(notification, order, around)) };
    });
  }

  return [
    {
      ...{ name: 'order', table: names.ordersTable, key: ORDER_KEY, reader: orders, check: checkOrders },
      attributes: [...ATTRIBUTES, 'customerId', 'totalAmount'],
    },
    {
      ...{ name: 'notification', table: names.notificationsTable, key: NOTIFICATION_KEY },
      ...{ reader: notifications, check: checkNotifications },
      attributes: [...ATTRIBUTES, NOTIFICATION_KEY, 'causationId'],
    },
  ];
}
