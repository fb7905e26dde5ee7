import { INDEXES, type ResourceNames } from '@orderflow/contracts';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { OUTBOX_SHARDS } from '@orderflow/domain/work-item-record';
import { QueryCommand, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '@orderflow/platform/aws/clients';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { isFinished, type QueueName } from './judge.js';

/** An answer holds this long: a page of the audit asks for hundreds of items at once. */
const ANSWER_HOLDS_MS = 5_000;
const PAGE = 100;

type Dependencies = {
  dynamo: DynamoDb;
  names: ResourceNames;
  orders: TableReader;
  depthOf: (queue: QueueName) => Promise<number>;
  now: () => number;
  /** For how old an answer is: never goes back. */
  elapsedMs: () => number;
  toleranceMs: number;
};

/** Keys of the items of one table whose marker has been due since `before`. */
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
          ...(startKey ? { ExclusiveStartKey: startKey } : {}),
        }),
      );
      yield (page.Items ?? []).map((item) => String(item[key]));
      startKey = page.LastEvaluatedKey;
    } while (startKey);
  }
}

/**
 * Whether the messages in a queue explain that markers are overdue: it holds at least as many as there are such markers.
 * The queue is asked first, and markers count that were overdue by then: an item that is finished meanwhile loses its
 * marker before its message, so a queue that is being worked on is never found too short.
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
    /** @param since ms as `elapsedMs` tells them; an answer that is older does not count */
    explains: (queue: QueueName, since = -Infinity): Promise<boolean> => {
      const known = answers.get(queue);
      if (known && known.at >= since && elapsedMs() - known.at < ANSWER_HOLDS_MS) return known.answer;
      const answer = explainsNow(queue);
      answers.set(queue, { at: elapsedMs(), answer });
      return answer;
    },
  };
}
