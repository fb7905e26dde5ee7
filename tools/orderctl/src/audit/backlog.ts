import type { OrderRecord } from '@orderflow/domain/orders/order';
import { NOTIFIER, ordersTable } from '@orderflow/domain/orders/orders-table';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { createOutboxIndex } from '@orderflow/platform/work-item/outbox-index';
import { missingConsumers } from '@orderflow/platform/work-item/confirm';
import { isFinished } from '@orderflow/platform/work-item/work-item';
import type { QueueName } from './check-item.js';
import type { CheckDependencies } from './check-page.js';

/** Answers are cached, because one page of the audit asks for hundreds of items. */
const CACHED_MS = 5_000;

type Dependencies = CheckDependencies & {
  depthOf: (queue: QueueName) => Promise<number>;
  elapsedMs: () => number;
};

/**
 * Whether a queue explains overdue markers: it contains at least as many messages as there are overdue markers. The
 * queue is counted first. A worker removes an item's marker before its message, so work in progress cannot make the
 * queue look too short.
 */
export function createBacklog(dependencies: Dependencies) {
  const { dynamo, names, consumers, depthOf, now, elapsedMs, toleranceMs } = dependencies;

  /** Whether the order's message should be in the queue. */
  function isIn(queue: QueueName, order: OrderRecord): boolean {
    if (!isFinished(ordersTable(names), order)) return queue === 'orderQueue';
    const missing = missingConsumers({ confirmedBy: Object.keys(consumers), firstConsumer: NOTIFIER }, order);
    return missing.some((consumer) => consumers[consumer]?.queue === queue);
  }

  async function countsIn(queue: QueueName, ids: string[]): Promise<number> {
    const reader = createTableReader(dynamo, ordersTable(names));
    const found = (await reader.getMany(ids, ['status', 'awaiting'])) as OrderRecord[];
    return found.filter((order) => isIn(queue, order)).length;
  }

  async function explainsNow(queue: QueueName): Promise<boolean> {
    // Exclusive, as in the checks of single items.
    const before = now() - toleranceMs - 1;
    const depth = await depthOf(queue);
    if (depth === 0) return false;
    let overdue = 0;
    const { orders, notifications } = workItemTables(names);
    for (const table of queue === 'notificationQueue' ? [notifications, orders] : [orders]) {
      for await (const ids of createOutboxIndex(dynamo, table).allDue(before)) {
        overdue += table === orders ? await countsIn(queue, ids) : ids.length;
        if (overdue > depth) return false;
      }
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
