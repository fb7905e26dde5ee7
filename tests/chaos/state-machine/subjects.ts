import { resourceNames } from '@orderflow/contracts';
import { newNotificationRecord } from '@orderflow/domain/notifications/notification';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { newOrderRecord } from '@orderflow/domain/orders/order';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

export type Item = Record<string, unknown>;

/** One of the two tables that the state machine works on. */
export type Subject = {
  table: WorkItemTable;
  record: (id: string, insertedAt: number, outboxAt: number) => Item;
  /** What a worker writes with a successful outcome. */
  doneAttributes: (at: number) => Item;
};

/** A shared order is one whose outcome waits for two consumers. An older order has no content hash. */
export type SubjectName = 'order' | 'shared order' | 'older order' | 'notification';

const CONTEXT = { requestHash: 'hash', correlationId: 'state-machine' };

/** With the hash of what its event says. */
function hashed(subject: Subject): Subject {
  const { table, record } = subject;
  return {
    ...subject,
    record: (...inserted) => {
      const item = record(...inserted);
      return { ...item, contentHash: table.createdEventOf(item).detail.metadata.contentHash };
    },
  };
}

const RETENTION = { retentionDays: 30 };

export function createSubjects(stage: string): Record<SubjectName, Subject> {
  const names = resourceNames(stage);
  const order: Subject = {
    table: ordersTable(names, RETENTION),
    record: (orderId, now, outboxAt) => {
      const items = [{ productId: 'p-1', productName: 'A product', quantity: 2, unitPrice: 12.5 }];
      const request = { customerId: 'state-machine', items, totalAmount: 25 };
      return newOrderRecord({ orderId, request, now, outboxAt, ...CONTEXT });
    },
    doneAttributes: () => ({}),
  };
  const confirmedBy = [...order.table.confirmedBy, 'shipping-worker'];
  return {
    order: hashed(order),
    'shared order': hashed({ ...order, table: { ...order.table, confirmedBy } }),
    'older order': order,
    notification: hashed({
      table: notificationsTable(names, RETENTION),
      record: (notificationId, now, outboxAt) => {
        const request = { orderId: notificationId, channel: 'EMAIL', message: 'A message' } as const;
        return newNotificationRecord({ notificationId, request, now, outboxAt, ...CONTEXT });
      },
      doneAttributes: (at) => ({ sentAt: new Date(at).toISOString() }),
    }),
  };
}
