import { Inject, Injectable } from '@nestjs/common';
import {
  INDEXES,
  MAX_NOTIFICATIONS,
  type ListNotificationsQuery,
  type Notification,
  type NotificationList,
} from '@orderflow/contracts';
import { toNotification } from '@orderflow/domain/notifications/notification';
import { NOTIFICATION_KEY } from '@orderflow/domain/notifications/notifications-table';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import { isNotificationRecord } from '@orderflow/domain/readable-item';
import { ApiProblem } from '../http/problems/api-problem.js';
import { NOTIFICATIONS, ORDERS, type StoredItems } from '../infrastructure/tokens.js';
import { KEEP_READABLE, type KeepReadable } from '../lists/keep-readable.js';
import { LIMIT_LISTS, type LimitConcurrency } from '../lists/limit-concurrency.js';
import { decodeCursor } from '../lists/page-cursor.js';
import { readPage, type PageView } from '../lists/read-page.js';
import { requireOrder } from '../orders/read-order.js';

/** The filter that a cursor is bound to. Customer ids contain no space, so the filters of orders differ. */
const filterOf = (orderId: string): string => `notifications ${orderId}`;

/** `after`: the `createdAtId` of the last notification seen. */
type Range = { after?: string | undefined; limit?: number | undefined };

@Injectable()
export class ReadNotifications {
  constructor(
    @Inject(ORDERS) private readonly orders: StoredItems,
    @Inject(NOTIFICATIONS) private readonly notifications: StoredItems,
    @Inject(LIMIT_LISTS) private readonly limitLists: LimitConcurrency,
    @Inject(KEEP_READABLE) private readonly keepReadable: KeepReadable,
  ) {}

  /** @throws ApiProblem NOTIFICATION_NOT_FOUND */
  async get(notificationId: string): Promise<Notification> {
    const record = await this.notifications.reader.get(notificationId);
    if (!record) throw new ApiProblem('NOTIFICATION_NOT_FOUND', 'There is no notification with this id.');
    if (!isNotificationRecord(record)) throw new Error(`the stored notification ${notificationId} is malformed`);
    return toNotification(record);
  }

  /** Oldest first, as many as fit into one answer. @throws ApiProblem ORDER_NOT_FOUND, OVERLOADED or VALIDATION_FAILED */
  async ofOrder(orderId: string, { cursor, limit }: ListNotificationsQuery): Promise<NotificationList> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, filterOf(orderId));
    await requireOrder(this.orders, orderId, [ORDER_KEY]);
    const how = { isReadable: isNotificationRecord, show: toNotification };
    const { shown, nextCursor } = await this.page(orderId, { after, limit, ...how });
    return { items: shown, nextCursor };
  }

  /** Notifications about an order, oldest first, and the cursor of the next page. @throws ApiProblem OVERLOADED */
  page<Stored, Shown>(
    orderId: string,
    { after, limit = MAX_NOTIFICATIONS, ...view }: Range & PageView<Stored, Shown>,
  ): Promise<{ shown: Shown[]; nextCursor: string | null }> {
    const { keepReadable } = this;
    const { reader } = this.notifications;
    return this.limitLists(async () => {
      // One extra entry tells whether there is a next page.
      const entries = await reader.query({
        index: INDEXES.byOrder,
        partition: { name: ORDER_KEY, value: orderId },
        sort: { name: 'createdAtId', after },
        newestFirst: false,
        limit: limit + 1,
      });
      const filter = filterOf(orderId);
      return readPage(entries, { reader, key: NOTIFICATION_KEY, keepReadable, limit, filter, ...view });
    });
  }
}
