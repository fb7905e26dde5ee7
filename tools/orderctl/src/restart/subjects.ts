import { type ResourceNames } from '@orderflow/contracts';
import { NOTIFICATION_STATES, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import type { OutgoingEvent } from '@orderflow/platform/events/publisher';
import type { Lifecycle } from '@orderflow/platform/work-item/transitions';

export type Item = OrderRecord | NotificationRecord;

/** The kinds of items that can be restarted. */
export type Subject = {
  what: 'order' | 'notification';
  lifecycle: Lifecycle;
  /** The event that starts a pending item. */
  eventOf: (item: Item) => OutgoingEvent;
};

export function subjectOf(what: Subject['what'], names: ResourceNames): Subject {
  if (what === 'order') {
    const lifecycle = { table: names.ordersTable, key: 'orderId', states: ORDER_STATES };
    return { what, lifecycle, eventOf: (item) => orderCreated(item as OrderRecord) };
  }
  const lifecycle = { table: names.notificationsTable, key: 'notificationId', states: NOTIFICATION_STATES };
  return { what, lifecycle, eventOf: (item) => notificationRequested(item as NotificationRecord) };
}
