import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { toError } from '@orderflow/platform/runtime/errors';
import type { DeadLettered } from './dead-lettered.js';
import { judgeNotification, judgeOrder, outcomeNotificationId, type Verdict } from './judge.js';

type Dependencies = {
  orders: TableReader;
  notifications: TableReader;
  deadLettered: DeadLettered;
  outcomesExpected: boolean;
  toleranceMs: number;
  now: () => number;
};

/** What one BatchGet carries. */
const CHUNK = 100;

async function byId<Item>(reader: TableReader, key: string, ids: Iterable<string>): Promise<Map<string, Item>> {
  const distinct = [...new Set(ids)];
  const chunks = Array.from({ length: Math.ceil(distinct.length / CHUNK) }, (_, index) =>
    reader.getMany(distinct.slice(index * CHUNK, (index + 1) * CHUNK)),
  );
  return new Map((await Promise.all(chunks)).flat().map((item) => [String(item[key]), item as Item]));
}

/** A row that lacks what it is judged by is a finding, and not the end of the audit. */
function judged(judge: () => Verdict): Verdict {
  try {
    return judge();
  } catch (error) {
    const text = `the row cannot be read: ${toError(error).message}`;
    return { class: 'inProgress', problems: [{ kind: 'unreadable', text }] };
  }
}

function unlessUnreadable<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * Judges pages of items together with what they refer to. What is referred to is read after the page: it exists before
 * the state that calls for it.
 */
export function createJudges({
  orders,
  notifications,
  deadLettered,
  outcomesExpected,
  toleranceMs,
  now,
}: Dependencies) {
  return {
    order: async (page: readonly OrderRecord[]): Promise<Verdict[]> => {
      const wanted = page.map((order) => unlessUnreadable(() => outcomeNotificationId(order)));
      const found = outcomesExpected
        ? await byId(
            notifications,
            'notificationId',
            wanted.filter((id) => id !== undefined),
          )
        : new Map<string, unknown>();
      return page.map((order, index) => {
        const notificationId = wanted[index] ?? '';
        return judged(() =>
          judgeOrder(order, {
            now: now(),
            toleranceMs,
            outcomesExpected,
            deadLettered: deadLettered.hasOrder(order.orderId),
            notified: found.has(notificationId),
            outcomeDeadLettered: deadLettered.hasNotification(notificationId),
          }),
        );
      });
    },

    notification: async (page: readonly NotificationRecord[]): Promise<Verdict[]> => {
      const found = await byId<OrderRecord>(
        orders,
        'orderId',
        page.flatMap(({ orderId }) => (typeof orderId === 'string' ? [orderId] : [])),
      );
      return page.map((notification) =>
        judged(() =>
          judgeNotification(notification, found.get(notification.orderId), {
            now: now(),
            toleranceMs,
            deadLettered: deadLettered.hasNotification(notification.notificationId),
          }),
        ),
      );
    },
  };
}
