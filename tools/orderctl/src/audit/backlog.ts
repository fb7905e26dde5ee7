import { INDEXES, type ResourceNames } from '@orderflow/contracts';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { OUTBOX_SHARDS } from '@orderflow/domain/stored-item';
import { QueryCommand, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '@orderflow/platform/aws/clients';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { isFinished, type QueueName } from './check-item.js';

/** Answers are cached, because one page of the audit asks for hundreds of items. */
const CACHED_MS = 5_000;
const PAGE = 100;

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

/** Keys of items whose marker was due before `before`. */
async function* overdueIds(dynamo: DynamoDb, table: string, key: string, before: number): AsyncGenerator<string[]> {
  for (let shard = 0; shard < OUTBOX_SHARDS; shard++) {
    let startKey: Record<string, unknown> | undefined;
    do {
      const page: QueryCommandOutput = await dynamo.send(
        new QueryCommand({
          TableName: table,
          IndexName: INDEXES.outbox,
          KeyConditionExpression: '#shard = :shard AND #dueAt < :before',
          ExpressionAttributeNames: { '#shard': 'outboxShard', '#dueAt': 'outboxAt' },
          ExpressionAttributeValues: { ':shard': shard, ':before': before },
          Limit: PAGE,
          ExclusiveStartKey: startKey,
        }),
      );
      yield (page.Items ?? []).map((item) => String(item[key]));
      startKey = page.LastEvaluatedKey;
    } while (startKey);
  }
}

/**
 * Whether a queue explains overdue markers: it contains at least as many messages as there are overdue markers. The
 * queue is counted first. A worker removes an item's marker before its message, so work in progress cannot make the
 * queue look too short.
 */
export function createBacklog({ dynamo, names, orders, depthOf, now, elapsedMs, toleranceMs }: Dependencies) {
  async function countsIn(queue: QueueName, ids: string[]): Promise<number> {
    const finished = (await orders.getMany(ids)).filter((order) => isFinished(ORDER_STATES, order as OrderRecord));
    return queue === 'notifications' ? finished.length : ids.length - finished.length;
  }

  async function explainsNow(queue: QueueName): Promise<boolean> {
    const before = now() - toleranceMs;
    const depth = await depthOf(queue);
    if (depth === 0) return false;
    let overdue = 0;
    if (queue === 'notifications') {
      for await (const ids of overdueIds(dynamo, names.notificationsTable, 'notificationId', before)) {
        overdue += ids.length;
        if (overdue > depth) return false;
      }
    }
    for await (const ids of overdueIds(dynamo, names.ordersTable, 'orderId', before)) {
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
