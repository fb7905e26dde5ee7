import { randomUUID } from 'node:crypto';
import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import { erasureOf, pseudonymOf } from '@orderflow/domain/orders/erased-order';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { endErasure, erase, remove } from '@orderflow/platform/work-item/transitions';
import { isFinished, type WorkItemTable } from '@orderflow/platform/work-item/work-item';
import type { ConnectedSystem } from '../connect.js';
import { reasonOf } from '../outage.js';
import { readPartition } from '../read-partition.js';
import type { CustomerLetters } from './customer-letters.js';

export type Erased = {
  /** `left`: the order is not erased yet, and `why` says what to do. */
  result: 'erased' | 'would-erase' | 'left' | 'failed';
  id: string;
  why: string;
  /** How many notifications were deleted, or would be. */
  notifications: number;
  error?: unknown;
};

type Options = { customerId: string; letters: Pick<CustomerLetters, 'countFor'>; dryRun: boolean };
type Item = Record<string, unknown> & { status: string; version: number; outboxAt?: number };

const AGAIN = 'erase again';

/** Why the item may still need its data; undefined if it has no more work to do. */
function whyOpen(table: WorkItemTable, what: string, { status, outboxAt }: Item): string | undefined {
  if (!isFinished(table, { status })) return `${what} is ${status}; ${AGAIN} when it has ended`;
  return outboxAt === undefined ? undefined : `${what} has an outcome that is not confirmed yet; ${AGAIN} in a minute`;
}

/**
 * Erases the personal data of one order:
 *
 *     erase           the order      no new life can start, and late events have no effect; its customer still finds it
 *     remove          notifications  each, until the index lists none
 *     endErasure      the order      a pseudonym replaces the customer id; its customer no longer finds it
 *
 * If a run ends between steps, the next run continues. The first two steps require the version that was read, so a
 * replay that comes first wins. The last one requires the day of the first.
 */
export function createErase({ aws, names }: ConnectedSystem, options: Options, now: () => number) {
  const { customerId, letters, dryRun } = options;
  const { orders, notifications } = workItemTables(names);
  const orderReader = createTableReader(aws.dynamo, orders);
  const notificationReader = createTableReader(aws.dynamo, notifications);
  const executor = createStatementExecutor(aws.dynamo);

  async function notificationsOf(orderId: string): Promise<Item[]> {
    const found: Item[] = [];
    const { key, indexes } = notifications;
    for await (const ids of readPartition(notificationReader, key, indexes.byOrder, orderId)) {
      found.push(...((await notificationReader.getMany(ids, ['status', 'version', 'outboxAt'])) as Item[]));
    }
    return found;
  }

  const nameOf = (item: Item): string => `notification ${(item as Item & NotificationRecord).notificationId}`;
  const whyAnyOpen = (items: readonly Item[]): string | undefined =>
    items.map((item) => whyOpen(notifications, nameOf(item), item)).find((why) => why !== undefined);

  /** @returns why a notification was left */
  async function removeAll(items: readonly Item[]): Promise<string | undefined> {
    const results = await Promise.all(
      items.map(async (item) => {
        const { applied } = await executor.execute(remove(notifications, String(item[notifications.key]), item));
        return applied ? undefined : `${nameOf(item)} has changed meanwhile; ${AGAIN}`;
      }),
    );
    return results.find((why) => why !== undefined);
  }

  async function eraseOne(id: string): Promise<Erased | undefined> {
    const order = await orderReader.get(id);
    // The index lags: another run has erased the order, or it has expired.
    if (order?.customerId !== customerId) return undefined;
    const left = (why: string, count = 0): Erased => ({ result: 'left', id, why, notifications: count });
    if (!isOrderRecord(order)) return left(`its row cannot be read; repair it, and ${AGAIN}`);
    const open = whyOpen(orders, 'it', order);
    if (open !== undefined) return left(open);
    const count = letters.countFor(id);
    if (count > 0) {
      const what = count === 1 ? 'a dead letter has its data' : `${count} dead letters have its data`;
      return left(`${what}: npm run dlq -- replay --order ${id}, or drop --order ${id}; then ${AGAIN}`);
    }
    const known = await notificationsOf(id);
    const openNotification = whyAnyOpen(known);
    if (openNotification !== undefined) return left(openNotification);
    const was = `was ${order.status}`;
    if (dryRun) return { result: 'would-erase', id, why: was, notifications: known.length };

    let { erasedOn } = order;
    if (erasedOn === undefined) {
      erasedOn = new Date(now()).toISOString().slice(0, 10);
      const result = await executor.execute(erase(orders, id, order, erasureOf(order, erasedOn)));
      // If the answer was lost, the SDK's retry is refused, but the item has the day that this run wrote.
      if (!result.applied && result.item?.erasedOn !== erasedOn) return left(`it has changed meanwhile; ${AGAIN}`);
    }
    // From now on no notification can be requested. The second look finds one that was requested just before.
    let removed = 0;
    for (;;) {
      const found = await notificationsOf(id);
      if (found.length === 0) break;
      const why = whyAnyOpen(found) ?? (await removeAll(found));
      if (why !== undefined) return left(why, removed);
      removed += found.length;
    }
    await executor.execute(endErasure(orders, id, erasedOn, { customerId: pseudonymOf(randomUUID()) }));
    return { result: 'erased', id, why: was, notifications: removed };
  }

  /** Undefined if the order is no longer the customer's. */
  return (id: string): Promise<Erased | undefined> =>
    eraseOne(id).catch((error: unknown): Erased => ({
      result: 'failed',
      id,
      why: reasonOf(error),
      notifications: 0,
      error,
    }));
}
