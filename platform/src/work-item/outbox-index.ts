import { QueryCommand, type QueryCommandInput, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';
import type { WorkItemTable } from './work-item.js';

/** Entries that one query reads from a shard. More may be due: the next call continues there. */
const PAGE = 100;

/** Epoch ms. Markers that become due up to `until`, or after `after`; all markers without a bound. */
type DueTime = { until?: number; after?: number };

export type OutboxIndex = {
  /**
   * Ids of items whose marker is due at `now` (epoch ms): up to a page of each shard, oldest first. When a shard has
   * more than a page, the next call continues behind it, so that waiting items do not hide the others.
   */
  due(now: number): Promise<string[]>;
  /** Ids of items whose marker is due after `horizon` (epoch ms), the furthest first: up to a page of each shard. */
  beyond(horizon: number): Promise<string[]>;
  /** All ids of items whose marker is due at `now` (epoch ms), page by page. */
  allDue(now: number): AsyncGenerator<string[]>;
  /** How many items have a marker, or one that is due at `now` (epoch ms). */
  count(now?: number): Promise<number>;
  /** Epoch ms at which the oldest marker became due; Infinity without a marker. */
  oldestDueAt(): Promise<number>;
};

/** Reads the outbox index of one table. The index lags behind its table a little. */
export function createOutboxIndex(dynamo: DynamoDb, table: WorkItemTable): OutboxIndex {
  const everyShard = Array.from({ length: table.outbox.shards }, (_, shard) => shard);
  /** Where the next page of due markers begins in a shard. */
  const positions = new Map<number, Record<string, unknown>>();

  function query(
    shard: number,
    { until, after }: DueTime,
    how: Partial<QueryCommandInput>,
  ): Promise<QueryCommandOutput> {
    const bound = until ?? after;
    const range = bound === undefined ? '' : ` AND #dueAt ${until === undefined ? '>' : '<='} :bound`;
    return dynamo.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: table.outbox.index,
        KeyConditionExpression: `#shard = :shard${range}`,
        ExpressionAttributeNames: { '#shard': 'outboxShard', ...(range && { '#dueAt': 'outboxAt' }) },
        ExpressionAttributeValues: { ':shard': shard, ...(range && { ':bound': bound }) },
        ...how,
      }),
    );
  }

  async function* allPages(shard: number, dueTime: DueTime, how: Partial<QueryCommandInput>) {
    let position: Record<string, unknown> | undefined;
    do {
      const page = await query(shard, dueTime, { ...how, ...(position && { ExclusiveStartKey: position }) });
      yield page;
      position = page.LastEvaluatedKey;
    } while (position);
  }

  async function duePage(shard: number, now: number): Promise<QueryCommandOutput> {
    const position = positions.get(shard);
    const how = { ScanIndexForward: true, Limit: PAGE, ...(position && { ExclusiveStartKey: position }) };
    const page = await query(shard, { until: now }, how);
    if (page.LastEvaluatedKey) positions.set(shard, page.LastEvaluatedKey);
    else positions.delete(shard);
    return page;
  }

  async function countShard(shard: number, until: number | undefined): Promise<number> {
    let count = 0;
    for await (const { Count = 0 } of allPages(shard, { until }, { Select: 'COUNT' })) count += Count;
    return count;
  }

  const idsOf = ({ Items: items = [] }: QueryCommandOutput): string[] => items.map((item) => String(item[table.key]));
  const ofAllShards = <T>(read: (shard: number) => Promise<T>): Promise<T[]> => Promise.all(everyShard.map(read));

  return {
    due: async (now) => (await ofAllShards((shard) => duePage(shard, now))).flatMap(idsOf),
    beyond: async (horizon) => {
      const how = { ScanIndexForward: false, Limit: PAGE };
      return (await ofAllShards((shard) => query(shard, { after: horizon }, how))).flatMap(idsOf);
    },
    allDue: async function* (now) {
      for (const shard of everyShard) {
        for await (const page of allPages(shard, { until: now }, { Limit: PAGE })) yield idsOf(page);
      }
    },
    count: async (now) => (await ofAllShards((shard) => countShard(shard, now))).reduce((sum, count) => sum + count, 0),
    oldestDueAt: async () => {
      const firsts = await ofAllShards((shard) => query(shard, {}, { Limit: 1 }));
      return Math.min(...firsts.flatMap(({ Items: items = [] }) => items.map((item) => Number(item.outboxAt))));
    },
  };
}
