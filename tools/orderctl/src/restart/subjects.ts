import type { ResourceNames } from '@orderflow/contracts';
import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

export type Item = OrderRecord | NotificationRecord;

/** The kinds of items that can be restarted. */
export type Subject = { what: 'order' | 'notification'; table: WorkItemTable };

export function subjectOf(what: Subject['what'], names: ResourceNames): Subject {
  return { what, table: what === 'order' ? ordersTable(names) : notificationsTable(names) };
}
