import {
  INDEXES,
  MAX_NOTIFICATIONS,
  type ListNotificationsQuery,
  type Notification,
  type NotificationList,
} from '@orderflow/contracts';
import { NOTIFICATION_KEY } from '@orderflow/domain/notifications/notifications-table';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import { toNotification } from '@orderflow/domain/notifications/notification';
import { isNotificationRecord } from '@orderflow/domain/readable-item';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { ApiProblem } from '../http/problems/api-problem.js';
import type { LimitConcurrency } from '../lists/limit-concurrency.js';
import type { KeepReadable } from '../lists/keep-readable.js';
import { requireOrder } from '../orders/read-order.js';
import { decodeCursor, encodeCursor } from '../lists/page-cursor.js';
import { readWithin, type WithinOptions } from '../lists/read-within.js';

export type NotificationsDependencies = {
  orders: TableReader;
  notifications: TableReader;
  limit: LimitConcurrency;
  keepReadable: KeepReadable;
};

/** The filter that a cursor is bound to. Customer ids contain no space, so the filters of orders differ. */
const filterOf = (orderId: string): string => `notifications ${orderId}`;

function positionOf(orderId: string, cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor, filterOf(orderId));
}

type PageOptions<Stored, Shown> = Omit<WithinOptions<Stored, Shown>, 'reader' | 'ids' | 'key'> & {
  /** `createdAtId` of the last notification seen. */
  after?: string | undefined;
  limit?: number | undefined;
};

/** Notifications about an order, oldest first, and the cursor of the next page. */
export async function readPage<Stored, Shown>(
  notifications: TableReader,
  orderId: string,
  { after, limit = MAX_NOTIFICATIONS, ...how }: PageOptions<Stored, Shown>,
): Promise<{ shown: Shown[]; nextCursor: string | null }> {
  // One extra entry tells whether there is a next page.
  const entries = (await notifications.query({
    index: INDEXES.byOrder,
    partition: { name: ORDER_KEY, value: orderId },
    sort: { name: 'createdAtId', after },
    newestFirst: false,
    limit: limit + 1,
  })) as { notificationId: string; createdAtId: string }[];
  const page = entries.slice(0, limit);
  const ids = page.map(({ notificationId }) => notificationId);
  const { shown, covered } = await readWithin({ reader: notifications, ids, key: NOTIFICATION_KEY, ...how });
  const last = page[covered - 1];
  const isLast = last === undefined || entries.length === covered;
  return { shown, nextCursor: isLast ? null : encodeCursor(last.createdAtId, filterOf(orderId)) };
}

export function createReadNotifications({ orders, notifications, limit, keepReadable }: NotificationsDependencies) {
  return {
    /** @throws ApiProblem NOTIFICATION_NOT_FOUND */
    get: async (notificationId: string): Promise<Notification> => {
      const record = await notifications.get(notificationId);
      if (!record) throw new ApiProblem('NOTIFICATION_NOT_FOUND', 'There is no notification with this id.');
      if (!isNotificationRecord(record)) throw new Error(`the stored notification ${notificationId} is malformed`);
      return toNotification(record);
    },

    /** Oldest first, as many as fit into one answer. @throws ApiProblem ORDER_NOT_FOUND, OVERLOADED or VALIDATION_FAILED */
    ofOrder: async (orderId: string, query: ListNotificationsQuery): Promise<NotificationList> => {
      const after = positionOf(orderId, query.cursor);
      await requireOrder(orders, orderId, [ORDER_KEY]);
      const { shown, nextCursor } = await limit(() =>
        readPage(notifications, orderId, {
          ...{ after, limit: query.limit, keepReadable },
          isReadable: isNotificationRecord,
          show: toNotification,
        }),
      );
      return { items: shown, nextCursor };
    },
  };
}

export const READ_NOTIFICATIONS = Symbol('READ_NOTIFICATIONS');
export type ReadNotifications = ReturnType<typeof createReadNotifications>;
