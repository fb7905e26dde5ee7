import {
  INDEXES,
  toNotification,
  type Notification,
  type NotificationList,
  type NotificationRecord,
} from '@orderflow/contracts';
import type { TableReader } from '@orderflow/platform/statements/table-reader';
import { ApiProblem } from '../http/api-problem.js';
import { readRecord } from '../orders/read-order.js';

/** More notifications than an order can sensibly have. */
const MAX_LISTED = 100;

/** The notifications about an order, oldest first. */
export async function recordsOfOrder(notifications: TableReader, orderId: string): Promise<NotificationRecord[]> {
  const entries = await notifications.query({
    index: INDEXES.byOrder,
    partition: { name: 'orderId', value: orderId },
    sort: { name: 'createdAtId' },
    newestFirst: false,
    limit: MAX_LISTED,
  });
  const ids = entries.map((entry) => String(entry.notificationId));
  return (await notifications.getMany(ids)) as NotificationRecord[];
}

export function createReadNotifications({
  orders,
  notifications,
}: {
  orders: TableReader;
  notifications: TableReader;
}) {
  return {
    /** @throws ApiProblem NOTIFICATION_NOT_FOUND */
    get: async (notificationId: string): Promise<Notification> => {
      const record = await notifications.get(notificationId);
      if (!record) throw new ApiProblem('NOTIFICATION_NOT_FOUND', 'There is no notification with this id.');
      return toNotification(record as NotificationRecord);
    },

    /** Oldest first. @throws ApiProblem ORDER_NOT_FOUND */
    ofOrder: async (orderId: string): Promise<NotificationList> => {
      await readRecord(orders, orderId);
      return { items: (await recordsOfOrder(notifications, orderId)).map(toNotification) };
    },
  };
}

export type ReadNotifications = ReturnType<typeof createReadNotifications>;
