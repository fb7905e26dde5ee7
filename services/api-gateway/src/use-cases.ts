import type { FollowOrder } from './live/follow-order.js';
import type { PeekDeadLetters } from './live/peek-dead-letters.js';
import type { SystemFeed } from './live/system-feed.js';
import type { WatchSystem } from './live/watch-system.js';
import type { AcceptNotification } from './notifications/accept-notification.js';
import type { ReadNotifications } from './notifications/read-notifications.js';
import type { AcceptOrder } from './orders/accept-order.js';
import type { ListOrders } from './orders/list-orders.js';
import type { ReadOrder } from './orders/read-order.js';
import type { ReadTimeline } from './orders/read-timeline.js';
import type { ReplayOrder } from './orders/replay-order.js';

/** What the controllers put on the network. */
export type UseCases = {
  acceptOrder: AcceptOrder;
  readOrder: ReadOrder;
  listOrders: ListOrders;
  replayOrder: ReplayOrder;
  acceptNotification: AcceptNotification;
  readNotifications: ReadNotifications;
  readTimeline: ReadTimeline;
  followOrder: FollowOrder;
  systemFeed: SystemFeed;
  watchSystem: WatchSystem;
  peekDeadLetters: PeekDeadLetters;
};

/** Injection token of UseCases. */
export const USE_CASES = Symbol('USE_CASES');
