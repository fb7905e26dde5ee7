import { type ResourceNames } from '@orderflow/contracts';
import { NOTIFICATION_STATES, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import type { OutgoingEvent } from '@orderflow/platform/events/publisher';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

export type Item = OrderRecord | NotificationRecord;

/** What can be started again from its item. */
export type Subject = {
  what: 'order' | 'notification';
  table: WorkItemTable;
  /** The event that brings a waiting item on. */
  eventOf: (item: Item) => OutgoingEvent;
};

export function subjectOf(what: Subject['what'], names: ResourceNames): Subject {
  if (what === 'order') {
    const table = { name: names.ordersTable, key: 'orderId', states: ORDER_STATES };
    return { what, table, eventOf: (item) => orderCreated(item as OrderRecord) };
  }
  const table = { name: names.notificationsTable, key: 'notificationId', states: NOTIFICATION_STATES };
  return { what, table, eventOf: (item) => notificationRequested(item as NotificationRecord) };
}
