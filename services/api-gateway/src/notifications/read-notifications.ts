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
import type { Caller } from '../identity/caller.js';
import { ApiProblem } from '../http/problems/api-problem.js';
import { Notifications, Orders } from '../infrastructure/stored-items.js';
import { decodeCursor } from '../lists/page-cursor.js';
import { PageReader } from '../lists/page-reader.js';

@Injectable()
export class ReadNotifications {
  constructor(
    private readonly orders: Orders,
    private readonly notifications: Notifications,
    private readonly pages: PageReader,
  ) {}

  /** @throws ApiProblem NOTIFICATION_NOT_FOUND */
  async get(caller: Caller, notificationId: string): Promise<Notification> {
    const record = await this.notifications.reader.get(notificationId);
    if (!record || !(await this.isAboutOrderOf(caller, record)))
      throw new ApiProblem('NOTIFICATION_NOT_FOUND', 'There is no notification with this id.');
    if (!isNotificationRecord(record)) throw new Error(`the stored notification ${notificationId} is malformed`);
    return toNotification(record);
  }

  /** A page, oldest first, that fits into one answer. @throws ApiProblem ORDER_NOT_FOUND, OVERLOADED or VALIDATION_FAILED */
  async ofOrder(
    caller: Caller,
    orderId: string,
    { cursor, limit = MAX_NOTIFICATIONS }: ListNotificationsQuery,
  ): Promise<NotificationList> {
    const filter = filterOf(orderId);
    const position = decodeCursor(cursor, filter);
    await this.orders.get(caller, orderId, [ORDER_KEY, 'customerId']);
    return this.pages.read(this.notifications, {
      filter,
      position,
      limit,
      readEntries: (after, most) => this.entriesOf(orderId, after, most),
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

  private async isAboutOrderOf({ customerId }: Caller, { orderId }: Record<string, unknown>): Promise<boolean> {
    if (customerId === undefined) return true;
    const order = await this.orders.reader.get(String(orderId), [ORDER_KEY, 'customerId']);
    return order?.customerId === customerId;
  }

  private entriesOf(orderId: string, after: string | undefined, limit: number) {
    const partition = { name: ORDER_KEY, value: orderId };
    const sort = { name: 'createdAtId', after };
    return this.notifications.reader.query({ index: INDEXES.byOrder, partition, sort, newestFirst: false, limit });
  }
}

/** The filter that a cursor is bound to. Customer ids contain no space, so the filters of orders differ. */
const filterOf = (orderId: string): string => `notifications ${orderId}`;
