import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { eraseCustomer, type EraseOptions } from '@orderflow/orderctl/erase/erase';
import { createFakeSystem } from './fake-system.js';
import { createFakeTerminal } from './fake-terminal.js';

export const CUSTOMER = 'customer-1';

/** A stage in memory with these items, and `ops erase` for the customer. */
export function startErasing(orders: OrderRecord[], notifications: NotificationRecord[] = []) {
  const fake = createFakeSystem();
  const { dynamo } = fake.aws;
  const { notificationsTable } = fake.system.names;
  fake.put(...orders);
  dynamo.seed(notificationsTable, ...notifications);
  const terminal = createFakeTerminal();
  return {
    ...fake,
    terminal,
    notifications: () => dynamo.items(notificationsTable) as NotificationRecord[],
    run: (options: EraseOptions = { yes: true }) => eraseCustomer(fake.system, terminal, CUSTOMER, options),
  };
}

/** The items as one JSON text, to search for personal data. */
export const textOf = (...items: unknown[]): string => JSON.stringify(items);
