import { NOTIFICATION_KEY } from '@orderflow/domain/notifications/notifications-table';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { OutcomeConsumers } from '@orderflow/domain/orders/orders-table';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { toError } from '@orderflow/platform/runtime/errors';
import type { DeadLettered } from './dead-lettered.js';
import { checkNotification, checkOrder, outcomeNotificationId, type Verdict } from './check-item.js';

type Dependencies = {
  orders: TableReader;
  notifications: TableReader;
  deadLettered: DeadLettered;
  consumers: OutcomeConsumers;
  outcomesExpected: boolean;
  toleranceMs: number;
  now: () => number;
};

async function byId<Item>(reader: TableReader, key: string, ids: Iterable<string>): Promise<Map<string, Item>> {
  const items = await reader.getMany([...new Set(ids)]);
  return new Map(items.map((item) => [String(item[key]), item as Item]));
}

/** An unreadable row is a finding. It must not end the audit. */
function verdictOf(check: () => Verdict): Verdict {
  try {
    return check();
  } catch (error) {
    const text = `the row cannot be read: ${toError(error).message}`;
    return { class: 'inProgress', problems: [{ kind: 'unreadable', text }] };
  }
}

function unlessUnreadable<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * Checks a page of items together with the items they refer to. Those are read after the page, because they exist before
 * the state that requires them.
 */
export function createItemChecks({
  orders,
  notifications,
  deadLettered,
  consumers,
  outcomesExpected,
  toleranceMs,
  now,
}: Dependencies) {
  return {
    order: async (page: readonly OrderRecord[]): Promise<Verdict[]> => {
      const wanted = page.map((order) => unlessUnreadable(() => outcomeNotificationId(order)));
      const found = outcomesExpected
        ? await byId(
            notifications,
            NOTIFICATION_KEY,
            wanted.filter((id) => id !== undefined),
          )
        : new Map<string, unknown>();
      return page.map((order, index) => {
        const notificationId = wanted[index] ?? '';
        return verdictOf(() =>
          checkOrder(order, {
            now: now(),
            toleranceMs,
            consumers,
            outcomesExpected,
            deadLettered: deadLettered.hasOrder(order.orderId),
            notified: found.has(notificationId),
            outcomeDeadLettered: deadLettered.hasNotification(notificationId),
          }),
        );
      });
    },

    notification: async (page: readonly NotificationRecord[]): Promise<Verdict[]> => {
      const found = await byId<OrderRecord>(
        orders,
        ORDER_KEY,
        page.flatMap(({ orderId }) => (typeof orderId === 'string' ? [orderId] : [])),
      );
      return page.map((notification) =>
        verdictOf(() =>
          checkNotification(notification, found.get(notification.orderId), {
            now: now(),
            toleranceMs,
            deadLettered: deadLettered.hasNotification(notification.notificationId),
          }),
        ),
      );
    },
  };
}
