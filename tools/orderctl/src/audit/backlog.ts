import type { ResourceNames } from '@orderflow/contracts';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { DynamoDb } from '@orderflow/platform/aws/clients';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { createOutboxIndex } from '@orderflow/platform/work-item/outbox-index';
import { isFinished } from '@orderflow/platform/work-item/work-item';
import type { QueueName } from './check-item.js';

/** Answers are cached, because one page of the audit asks for hundreds of items. */
const CACHED_MS = 5_000;

type Dependencies = {
  dynamo: DynamoDb;
  names: ResourceNames;
  orders: TableReader;
  depthOf: (queue: QueueName) => Promise<number>;
  now: () => number;
  /** Monotonic ms, for the age of an answer. */
  elapsedMs: () => number;
  toleranceMs: number;
};

/**
 * Whether a queue explains overdue markers: it contains at least as many messages as there are overdue markers. The
 * queue is counted first. A worker removes an item's marker before its message, so work in progress cannot make the
 * queue look too short.
 */
export function createBacklog({ dynamo, names, orders, depthOf, now, elapsedMs, toleranceMs }: Dependencies) {
  async function countsIn(queue: QueueName, ids: string[]): Promise<number> {
    const finished = (await orders.getMany(ids)).filter((order) =>
      isFinished(ordersTable(names), order as OrderRecord),
    );
    return queue === 'notifications' ? finished.length : ids.length - finished.length;
  }

  async function explainsNow(queue: QueueName): Promise<boolean> {
    // Exclusive, as in the checks of single items.
    const before = now() - toleranceMs - 1;
    const depth = await depthOf(queue);
    if (depth === 0) return false;
    let overdue = 0;
    if (queue === 'notifications') {
      for await (const ids of createOutboxIndex(dynamo, notificationsTable(names)).allDue(before)) {
        overdue += ids.length;
        if (overdue > depth) return false;
      }
    }
    for await (const ids of createOutboxIndex(dynamo, ordersTable(names)).allDue(before)) {
      overdue += await countsIn(queue, ids);
      if (overdue > depth) return false;
    }
    return true;
  }

  const answers = new Map<QueueName, { at: number; answer: Promise<boolean> }>();
  return {
    /** @param since `elapsedMs`; older answers are ignored */
    explains: (queue: QueueName, since = -Infinity): Promise<boolean> => {
      const known = answers.get(queue);
      if (known && known.at >= since && elapsedMs() - known.at < CACHED_MS) return known.answer;
      const answer = explainsNow(queue);
      answers.set(queue, { at: elapsedMs(), answer });
      return answer;
    },
  };
}
