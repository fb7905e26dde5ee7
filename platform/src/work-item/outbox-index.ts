import type { QueryCommandInput, QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';
import { queryIndex } from '../dynamodb/table-reader.js';
import type { WorkItemTable } from './work-item.js';

/** Entries that one query reads from a shard. More may be due: the next call continues there. */
const PAGE = 100;

/** Epoch ms. Markers that become due until `bound`, or after it; all markers without a bound. */
type DueTime = { is: '<=' | '>'; bound: number | undefined };

const until = (bound: number | undefined): DueTime => ({ is: '<=', bound });

export type OutboxIndex = ReturnType<typeof createOutboxIndex>;

/** Reads the outbox index of one table. The index lags behind its table a little. */
export function createOutboxIndex(dynamo: DynamoDb, { name: table, key, outbox: { index, shards } }: WorkItemTable) {
  const everyShard = Array.from({ length: shards }, (_, shard) => shard);
  /** Where the next page of due markers begins in a shard. */
  const positions = new Map<number, Record<string, unknown>>();

  function query(shard: number, dueTime: DueTime, how: Partial<QueryCommandInput>): Promise<QueryCommandOutput> {
    const partition = { name: 'outboxShard', value: shard };
    return queryIndex(dynamo, { table, index, partition, sort: { name: 'outboxAt', ...dueTime } }, how);
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
    const page = await query(shard, until(now), how);
    if (page.LastEvaluatedKey) positions.set(shard, page.LastEvaluatedKey);
    else positions.delete(shard);
    return page;
  }

  async function countShard(shard: number, now: number | undefined): Promise<number> {
    let count = 0;
    for await (const { Count = 0 } of allPages(shard, until(now), { Select: 'COUNT' })) count += Count;
    return count;
  }

  const idsOf = ({ Items: items = [] }: QueryCommandOutput): string[] => items.map((item) => String(item[key]));
  const ofAllShards = <T>(read: (shard: number) => Promise<T>): Promise<T[]> => Promise.all(everyShard.map(read));

  return {
    /**
     * Ids of items whose marker is due at `now` (epoch ms): up to a page of each shard, oldest first. When a shard has
     * more than a page, the next call continues behind it, so that waiting items do not hide the others.
     */
    due: async (now: number) => (await ofAllShards((shard) => duePage(shard, now))).flatMap(idsOf),
    /** Ids of items whose marker is due after `horizon` (epoch ms), the furthest first: up to a page of each shard. */
    beyond: async (horizon: number) => {
      const how = { ScanIndexForward: false, Limit: PAGE };
      return (await ofAllShards((shard) => query(shard, { is: '>', bound: horizon }, how))).flatMap(idsOf);
    },
    /** All ids of items whose marker is due at `now` (epoch ms), page by page. */
    allDue: async function* (now: number) {
      for (const shard of everyShard) {
        for await (const page of allPages(shard, until(now), { Limit: PAGE })) yield idsOf(page);
      }
    },
    /** How many items have a marker, or one that is due at `now` (epoch ms). */
    count: async (now?: number) =>
      (await ofAllShards((shard) => countShard(shard, now))).reduce((sum, count) => sum + count, 0),
    /** Epoch ms at which the oldest marker became due; Infinity without a marker. */
    oldestDueAt: async () => {
      const firsts = await ofAllShards((shard) => query(shard, until(undefined), { Limit: 1 }));
      return Math.min(...firsts.flatMap(({ Items: items = [] }) => items.map((item) => Number(item.outboxAt))));
    },
  };
}
