import { Inject, Injectable } from '@nestjs/common';
import { type Timeline } from '@orderflow/contracts';
import {
  FOLLOWED_NOTIFICATION,
  FOLLOWED_ORDER,
  isFollowedNotification,
  isFollowedOrder,
  type FollowedNotification,
} from '@orderflow/domain/readable-item';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { ORDERS, type StoredItems } from '../infrastructure/tokens.js';
import { ReadNotifications } from '../notifications/read-notifications.js';
import { requireOrder } from './read-order.js';

@Injectable()
export class ReadTimeline {
  constructor(
    @Inject(ORDERS) private readonly orders: StoredItems,
    private readonly notifications: ReadNotifications,
  ) {}

  /** @throws ApiProblem ORDER_NOT_FOUND or OVERLOADED; Error when the stored order is malformed */
  async read(orderId: string): Promise<Timeline> {
    const [order, { shown, nextCursor }] = await Promise.all([
      requireOrder(this.orders, orderId, FOLLOWED_ORDER),
      this.notifications.page(orderId, {
        projection: FOLLOWED_NOTIFICATION,
        isReadable: isFollowedNotification,
        show: (notification): FollowedNotification => notification,
      }),
    ]);
    if (!isFollowedOrder(order)) throw new Error(`the stored order ${orderId} is malformed`);
    return { ...timelineOf(order, shown), nextCursor };
  }
}
