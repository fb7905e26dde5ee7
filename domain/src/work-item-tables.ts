import type { ResourceNames, Table } from '@orderflow/contracts';
import { notificationsTable } from './notifications/notifications-table.js';
import { ordersTable } from './orders/orders-table.js';

/** The descriptions of all tables. */
export function workItemTables(names: ResourceNames) {
  return { orders: ordersTable(names), notifications: notificationsTable(names) } satisfies Record<Table, object>;
}
