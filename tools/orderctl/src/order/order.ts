import { INDEXES } from '@orderflow/contracts';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ORDER_KEY, ordersTable } from '@orderflow/domain/orders/orders-table';
import { toNotification, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { ConnectedSystem } from '../connect.js';
import type { Terminal } from '../terminal.js';
import { printOrder } from './print-order.js';

/** Items per call. */
const PAGE = 100;

async function notificationsOf({ aws, names }: ConnectedSystem, orderId: string): Promise<NotificationRecord[]> {
  const reader = createTableReader(aws.dynamo, notificationsTable(names));
  const found: NotificationRecord[] = [];
  let after: string | undefined;
  for (;;) {
    const entries = await reader.query({
      index: INDEXES.byOrder,
      partition: { name: ORDER_KEY, value: orderId },
      sort: { name: 'createdAtId', after },
      newestFirst: false,
      limit: PAGE,
    });
    const page = await reader.getMany(entries.map((entry) => String(entry.notificationId)));
    found.push(...(page as NotificationRecord[]));
    if (entries.length < PAGE) return found;
    after = String(entries.at(-1)?.createdAtId);
  }
}

/** Shows one order and its history from the tables. Returns 0, or 1 if it does not exist. */
export async function order(
  system: ConnectedSystem,
  terminal: Terminal,
  orderId: string,
  { json }: { json?: boolean },
): Promise<number> {
  const { aws, names, stage } = system;
  const record = await createTableReader(aws.dynamo, ordersTable(names)).get(orderId);
  if (!record) {
    terminal.err(`There is no order ${orderId} in stage ${stage}.\n`);
    return 1;
  }
  const notifications = await notificationsOf(system, orderId);
  const { outboxAt, outboxAttempts } = record as OrderRecord;
  const found = {
    order: toOrder(record as OrderRecord),
    notifications: notifications.map(toNotification),
    outbox: outboxAt === undefined ? null : { dueAt: new Date(outboxAt).toISOString(), attempts: outboxAttempts },
    steps: timelineOf(record as OrderRecord, notifications).steps,
  };
  if (json) terminal.out(`${JSON.stringify(found, null, 2)}\n`);
  else printOrder(found, terminal);
  return 0;
}
