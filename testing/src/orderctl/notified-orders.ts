import { notificationIdFor } from '@orderflow/domain/ids';
import { newNotificationRecord, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { aStoredOrder, withoutMarker } from '../stored-orders.js';

const UNTIL_SENT = { status: 'SENT', version: 3, effects: 1 } as const;

/** A completed order whose outcome is confirmed. */
export function aCompletedOrder(change: Partial<OrderRecord> = {}): OrderRecord {
  return { ...withoutMarker(aStoredOrder()), status: 'COMPLETED', version: 3, effects: 1, ...change };
}

/** The notification of the order's outcome, sent. */
export function aSentNotification(order: OrderRecord, change: Partial<NotificationRecord> = {}): NotificationRecord {
  const causationId = orderOutcome(order)?.detail.metadata.eventId ?? '';
  const now = Date.parse(order.updatedAt);
  const context = { requestHash: '', correlationId: order.correlationId, causationId, now, outboxAt: now };
  const request = { orderId: order.orderId, channel: 'EMAIL', message: 'Your order is completed.' } as const;
  const notification = newNotificationRecord({ notificationId: notificationIdFor(causationId), request, ...context });
  return withoutMarker({ ...notification, ...UNTIL_SENT, ...change });
}
