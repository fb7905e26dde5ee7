import { setTimeout as pause } from 'node:timers/promises';
import { type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { audit, type AuditReport } from '@orderflow/orderctl/audit/audit';
import { scanTable } from '@orderflow/orderctl/scan-table';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import type { ChaosSystem } from './chaos-system.js';
import type { Placed } from './load.js';
import { remainingWork, waitForQuiet, type Remaining } from './quiet.js';

/** The evidence of a run, read directly from the emulator. */
export type Evidence = {
  placed: readonly Placed[];
  orders: OrderRecord[];
  notifications: NotificationRecord[];
  audit: AuditReport;
  /** Ms from the last fault until all work was done; undefined if it never was. */
  quietMs: number | undefined;
  remaining: Remaining;
};

/** All items of a table. */
export async function readTable<T>({ aws }: Pick<ConnectedSystem, 'aws'>, TableName: string): Promise<T[]> {
  const items: T[] = [];
  for await (const page of scanTable(aws.dynamo, TableName)) items.push(...(page as T[]));
  return items;
}

/** Waits until all work is done or the time is over, and then reads everything. */
export async function collectEvidence(
  { operator }: Pick<ChaosSystem, 'operator'>,
  placed: readonly Placed[],
  { withinMs = 60_000 } = {},
): Promise<Evidence> {
  const { names } = operator;
  const quietMs = await waitForQuiet(operator, withinMs);
  const [remaining, orders, notifications, report] = await Promise.all([
    remainingWork(operator),
    readTable<OrderRecord>(operator, names.ordersTable),
    readTable<NotificationRecord>(operator, names.notificationsTable),
    audit(operator, { now: Date.now, pause }, { toleranceMs: 3_000 }),
  ]);
  return { placed, orders, notifications, audit: report, quietMs, remaining };
}
