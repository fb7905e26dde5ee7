import {
  INDEXES,
  isNotificationRecord,
  toNotification,
  type Notification,
  type NotificationList,
} from '@orderflow/contracts';
import type { TableReader } from '@orderflow/platform/statements/table-reader';
import { ApiProblem } from '../http/api-problem.js';
import type { LimitConcurrency } from '../http/limit-concurrency.js';
import type { KeepReadable } from '../orders/keep-readable.js';
import { requireOrder } from '../orders/read-order.js';
import { readWithin } from '../orders/read-within.js';

/** More notifications than an order can sensibly have. */
const MAX_LISTED = 100;

/** Ids of the notifications about an order, oldest first. */
export async function idsOfOrder(notifications: TableReader, orderId: string): Promise<string[]> {
  const entries = await notifications.query({
    index: INDEXES.byOrder,
    partition: { name: 'orderId', value: orderId },
    sort: { name: 'createdAtId' },
    newestFirst: false,
    limit: MAX_LISTED,
  });
  return entries.map((entry) => String(entry.notificationId));
}

export type NotificationsDependencies = {
  orders: TableReader;
  notifications: TableReader;
  limit: LimitConcurrency;
  keepReadable: KeepReadable;
};

export function createReadNotifications({ orders, notifications, limit, keepReadable }: NotificationsDependencies) {
  return {
    /** @throws ApiProblem NOTIFICATION_NOT_FOUND */
    get: async (notificationId: string): Promise<Notification> => {
      const record = await notifications.get(notificationId);
      if (!record) throw new ApiProblem('NOTIFICATION_NOT_FOUND', 'There is no notification with this id.');
      if (!isNotificationRecord(record)) throw new Error(`the stored notification ${notificationId} is malformed`);
      return toNotification(record);
    },

    /** Oldest first; those that fit into an answer. @throws ApiProblem ORDER_NOT_FOUND or OVERLOADED */
    ofOrder: async (orderId: string): Promise<NotificationList> => {
      await requireOrder(orders, orderId, ['orderId']);
      const { shown } = await limit(async () =>
        readWithin({
          reader: notifications,
          ids: await idsOfOrder(notifications, orderId),
          key: 'notificationId',
          keepReadable,
          isReadable: isNotificationRecord,
          show: toNotification,
        }),
      );
      return { items: shown };
    },
  };
}

export type ReadNotifications = ReturnType<typeof createReadNotifications>;
