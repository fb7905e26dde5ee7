import { type Timeline } from '@orderflow/contracts';
import {
  FOLLOWED_NOTIFICATION,
  FOLLOWED_ORDER,
  isFollowedNotification,
  isFollowedOrder,
  type FollowedNotification,
} from '@orderflow/domain/readable-item';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { readPage, type NotificationsDependencies } from '../notifications/read-notifications.js';
import { requireOrder } from './read-order.js';

/** @throws ApiProblem ORDER_NOT_FOUND or OVERLOADED; Error when the stored order is malformed */
export function createReadTimeline({ orders, notifications, limit, keepReadable }: NotificationsDependencies) {
  const readNotifications = (orderId: string) =>
    limit(() =>
      readPage(notifications, orderId, {
        ...{ projection: FOLLOWED_NOTIFICATION, keepReadable },
        isReadable: isFollowedNotification,
        show: (notification): FollowedNotification => notification,
      }),
    );

  return async (orderId: string): Promise<Timeline> => {
    const [order, { shown, nextCursor }] = await Promise.all([
      requireOrder(orders, orderId, FOLLOWED_ORDER),
      readNotifications(orderId),
    ]);
    if (!isFollowedOrder(order)) throw new Error(`the stored order ${orderId} is malformed`);
    return { ...timelineOf(order, shown), nextCursor };
  };
}

export const READ_TIMELINE = Symbol('READ_TIMELINE');
export type ReadTimeline = ReturnType<typeof createReadTimeline>;
