import { Injectable } from '@nestjs/common';
import {
  INDEXES,
  MAX_NOTIFICATIONS,
  type ListNotificationsQuery,
  type Notification,
  type NotificationList,
} from '@orderflow/contracts';
import { toNotification } from '@orderflow/domain/notifications/notification';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import {
  FOLLOWED_NOTIFICATION,
  isFollowedNotification,
  isNotificationRecord,
  type FollowedNotification,
} from '@orderflow/domain/readable-item';
import { ApiProblem } from '../http/problems/api-problem.js';
import { Notifications, Orders } from '../infrastructure/stored-items.js';
import { PageReader } from '../lists/page-reader.js';

@Injectable()
export class ReadNotifications {
  constructor(
    private readonly orders: Orders,
    private readonly notifications: Notifications,
    private readonly pages: PageReader,
  ) {}

  /** @throws ApiProblem NOTIFICATION_NOT_FOUND */
  async get(notificationId: string): Promise<Notification> {
    const record = await this.notifications.reader.get(notificationId);
    if (!record) throw new ApiProblem('NOTIFICATION_NOT_FOUND', 'There is no notification with this id.');
    if (!isNotificationRecord(record)) throw new Error(`the stored notification ${notificationId} is malformed`);
    return toNotification(record);
  }

  /** Oldest first, as many as fit into one answer. @throws ApiProblem ORDER_NOT_FOUND, OVERLOADED or VALIDATION_FAILED */
  ofOrder(orderId: string, { cursor, limit = MAX_NOTIFICATIONS }: ListNotificationsQuery): Promise<NotificationList> {
    return this.pages.read(this.notifications, {
      filter: filterOf(orderId),
      cursor,
      limit,
      readEntries: async (after, most) => {
        await this.orders.get(orderId, [ORDER_KEY]);
        return this.entriesOf(orderId, after, most);
      },
      isReadable: isNotificationRecord,
      show: toNotification,
    });
  }

  /** For the order's timeline: oldest first, and the cursor for `ofOrder`. @throws ApiProblem OVERLOADED */
  forTimeline(orderId: string): Promise<{ items: FollowedNotification[]; nextCursor: string | null }> {
    return this.pages.read(this.notifications, {
      filter: filterOf(orderId),
      limit: MAX_NOTIFICATIONS,
      readEntries: (after, most) => this.entriesOf(orderId, after, most),
      projection: FOLLOWED_NOTIFICATION,
      isReadable: isFollowedNotification,
      show: (notification) => notification,
    });
  }

  private entriesOf(orderId: string, after: string | undefined, limit: number) {
    const partition = { name: ORDER_KEY, value: orderId };
    const sort = { name: 'createdAtId', after };
    return this.notifications.reader.query({ index: INDEXES.byOrder, partition, sort, newestFirst: false, limit });
  }
}

/** The filter that a cursor is bound to. Customer ids contain no space, so the filters of orders differ. */
const filterOf = (orderId: string): string => `notifications ${orderId}`;
