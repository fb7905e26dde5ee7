import { resourceNames } from '@orderflow/contracts';
import {
  newNotificationRecord,
  NOTIFICATION_STATES,
  type NotificationRecord,
} from '@orderflow/domain/notifications/notification';
import { notificationRequested, notificationSent } from '@orderflow/domain/notifications/notification-events';
import { newOrderRecord, ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated, orderOutcome } from '@orderflow/domain/orders/order-events';
import type { OutgoingEvent } from '@orderflow/platform/events/publisher';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

export type Item = Record<string, unknown>;

/** One of the two tables that the state machine works on, with the events that tell of its items. */
export type Subject = {
  table: WorkItemTable;
  /** The marker outlives the outcome until somebody confirms that its event has arrived. */
  outcomesAreConfirmed: boolean;
  record: (id: string, insertedAt: number, outboxAt: number) => Item;
  createdEventOf: (item: Item) => OutgoingEvent;
  outcomeEventOf: (item: Item) => OutgoingEvent | undefined;
  /** What a worker writes with an outcome that is no failure. */
  doneAttributes: (at: number) => Item;
};

export type SubjectName = 'order' | 'notification';

const CONTEXT = { requestHash: 'hash', correlationId: 'state-machine' };

export function createSubjects(stage: string): Record<SubjectName, Subject> {
  const { ordersTable, notificationsTable } = resourceNames(stage);
  return {
    order: {
      table: { name: ordersTable, key: 'orderId', states: ORDER_STATES },
      outcomesAreConfirmed: true,
      record: (orderId, now, outboxAt) => {
        const items = [{ productId: 'p-1', productName: 'A product', quantity: 2, unitPrice: 12.5 }];
        const request = { customerId: 'state-machine', items, totalAmount: 25 };
        return newOrderRecord({ orderId, request, now, outboxAt, ...CONTEXT });
      },
      createdEventOf: (item) => orderCreated(item as OrderRecord),
      outcomeEventOf: (item) => orderOutcome(item as OrderRecord),
      doneAttributes: () => ({}),
    },
    notification: {
      table: { name: notificationsTable, key: 'notificationId', states: NOTIFICATION_STATES },
      outcomesAreConfirmed: false,
      record: (notificationId, now, outboxAt) => {
        const request = { orderId: notificationId, channel: 'EMAIL', message: 'A message' } as const;
        return newNotificationRecord({ notificationId, request, now, outboxAt, ...CONTEXT });
      },
      createdEventOf: (item) => notificationRequested(item as NotificationRecord),
      outcomeEventOf: (item) => notificationSent(item as NotificationRecord),
      doneAttributes: (at) => ({ sentAt: new Date(at).toISOString() }),
    },
  };
}
