import type { AcceptNotification } from './notifications/accept-notification.js';
import type { ReadNotifications } from './notifications/read-notifications.js';
import type { AcceptOrder } from './orders/accept-order.js';
import type { ListOrders } from './orders/list-orders.js';
import type { ReadOrder } from './orders/read-order.js';

/** What the controllers put on the network. */
export type UseCases = {
  acceptOrder: AcceptOrder;
  readOrder: ReadOrder;
  listOrders: ListOrders;
  acceptNotification: AcceptNotification;
  readNotifications: ReadNotifications;
};

/** Injection token of UseCases. */
export const USE_CASES = Symbol('USE_CASES');
