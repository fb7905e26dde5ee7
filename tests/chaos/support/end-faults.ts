import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { SERVICE_NAMES } from '../../../tools/local/embedded.mjs';
import { atMost, type Check, type InvariantId } from '../trial.js';
import type { ChaosSystem } from './chaos-system.js';
import { readTable, type Evidence } from './evidence.js';

/** The state at the end of the last fault. */
export type Aftermath = {
  /** Epoch ms of the end of the last fault. */
  at: number;
  /** When the marker of each unfinished order is due, by order id; epoch ms. */
  dueAt: ReadonlyMap<string, number>;
  /** When the last marker of either table is due; epoch ms. */
  lastDueAt: number;
};

/**
 * Ends all faults, finally by killing every process. New processes have no failpoints, and no marker moves while all
 * are dead.
 * @param disarm called when all are dead: processes that start from then on must have no failpoints
 */
export async function endFaults(system: ChaosSystem, disarm: () => void): Promise<Aftermath> {
  await Promise.all(SERVICE_NAMES.map((service) => system.kill(service)));
  system.network.heal();
  disarm();
  const { operator } = system;
  const orders = await readTable<OrderRecord>(operator, operator.names.ordersTable);
  const notifications = await readTable<NotificationRecord>(operator, operator.names.notificationsTable);
  await system.start(...SERVICE_NAMES);
  const unfinished = orders.filter(({ status }) => status === 'PENDING' || status === 'PROCESSING');
  return {
    at: Date.now(),
    // Without a marker it would be lost and never end. For the bound, treat it as due.
    dueAt: new Map(unfinished.map(({ orderId, outboxAt = 0 }) => [orderId, outboxAt])),
    lastDueAt: Math.max(0, ...[...orders, ...notifications].map(({ outboxAt = 0 }) => outboxAt)),
  };
}

/** Time beyond the marker's due time and one lease, on a busy machine. */
const MARGIN_MS = 10_000;

/**
 * Checks that every order that was unfinished at the end of the faults ends within its bound: the wait for its marker
 * (each loss doubled the delay), one lease of a dead process, and the work itself.
 */
export function endsInTime(id: InvariantId, evidence: Evidence, { at, dueAt }: Aftermath, leaseMs: number): Check {
  const stored = new Map(evidence.orders.map((order) => [order.orderId, order]));
  const late = [...dueAt].map(([orderId, due]) => {
    const order = stored.get(orderId);
    const hasEnded = order?.status === 'COMPLETED' || order?.status === 'FAILED';
    return hasEnded ? Date.parse(order.updatedAt) - Math.max(at, due) : Infinity;
  });
  const what = `slowest of ${dueAt.size} unfinished orders, after the last fault and its marker's time`;
  return atMost(id, what, (leaseMs + MARGIN_MS) / 1_000, Math.max(0, ...late) / 1_000, ' s');
}
