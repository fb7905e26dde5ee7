import { Injectable } from '@nestjs/common';
import { type Timeline } from '@orderflow/contracts';
import { FOLLOWED_ORDER, isFollowedOrder } from '@orderflow/domain/readable-item';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import type { Caller } from '../identity/caller.js';
import { Orders } from '../infrastructure/stored-items.js';
import { ReadNotifications } from '../notifications/read-notifications.js';

@Injectable()
export class ReadTimeline {
  constructor(
    private readonly orders: Orders,
    private readonly notifications: ReadNotifications,
  ) {}

  /** @throws ApiProblem ORDER_NOT_FOUND or OVERLOADED; Error when the stored order is malformed */
  async read(caller: Caller, orderId: string): Promise<Timeline> {
    const [order, { items, nextCursor }] = await Promise.all([
      this.orders.get(caller, orderId, FOLLOWED_ORDER),
      this.notifications.forTimeline(orderId),
    ]);
    if (!isFollowedOrder(order)) throw new Error(`the stored order ${orderId} is malformed`);
    return { ...timelineOf(order, items), nextCursor };
  }
}
