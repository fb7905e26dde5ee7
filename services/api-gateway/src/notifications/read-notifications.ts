import {
  INDEXES,
  toNotification,
  type Notification,
  type NotificationList,
  type NotificationRecord,
} from '@orderflow/contracts';
import type { TableReader } from '@orderflow/platform/statements/table-reader';
import { ApiProblem } from '../http/api-problem.js';

/** More notifications than an order can sensibly have. */
const MAX_LISTED = 100;

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
      if (!(await orders.get(orderId))) throw new ApiProblem('ORDER_NOT_FOUND', 'There is no order with this id.');
      const entries = await notifications.query({
        index: INDEXES.byOrder,
        partition: { name: 'orderId', value: orderId },
        sort: { name: 'createdAtId' },
        newestFirst: false,
        limit: MAX_LISTED,
      });
      const ids = entries.map((entry) => String(entry.notificationId));
      const records = (await notifications.getMany(ids)) as NotificationRecord[];
      return { items: records.map(toNotification) };
    },
  };
}

export type ReadNotifications = ReturnType<typeof createReadNotifications>;
