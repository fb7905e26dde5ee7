import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';
import type { WorkItemTable } from './work-item.js';

/** Entries of one shard that one sweep reads: enough to outrun any loss, and few enough to read at once. */
const PAGE = 100;

type MarkerIndexOptions = { dynamo: DynamoDb; table: WorkItemTable };

export type MarkerIndex = {
  /**
   * Ids of items whose marker is due at `now` (epoch ms): up to a page of each shard, oldest first. When a shard has more
   * than a page, the next call goes on behind it, so that items that have to wait do not hide the others.
   */
  due(now: number): Promise<string[]>;
  /** Ids of items whose marker is due after `horizon` (epoch ms), the furthest first. */
  beyond(horizon: number): Promise<string[]>;
};

/** The outbox index of one table. */
export function createMarkerIndex({ dynamo, table }: MarkerIndexOptions): MarkerIndex {
  const everyShard = Array.from({ length: table.outbox.shards }, (_, shard) => shard);
  /** Where the next page of a shard begins. */
  const positions = new Map<number, Record<string, unknown>>();

  async function query(shard: number, comparison: '<=' | '>', bound: number, furthestFirst: boolean) {
    const position = furthestFirst ? undefined : positions.get(shard);
    return dynamo.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: table.outbox.index,
        KeyConditionExpression: `#shard = :shard AND #dueAt ${comparison} :bound`,
        ExpressionAttributeNames: { '#shard': 'outboxShard', '#dueAt': 'outboxAt' },
        ExpressionAttributeValues: { ':shard': shard, ':bound': bound },
        ScanIndexForward: !furthestFirst,
        Limit: PAGE,
        ...(position ? { ExclusiveStartKey: position } : {}),
      }),
    );
  }

  async function duePage(shard: number, now: number) {
    const { Items: items = [], LastEvaluatedKey: last } = await query(shard, '<=', now, false);
    if (last) positions.set(shard, last);
    else positions.delete(shard);
    return items;
  }

  async function beyondPage(shard: number, horizon: number) {
    const { Items: items = [] } = await query(shard, '>', horizon, true);
    return items;
  }

  const idsOf = (pages: Record<string, unknown>[][]): string[] => pages.flat().map((item) => String(item[table.key]));
  return {
    due: async (now) => idsOf(await Promise.all(everyShard.map((shard) => duePage(shard, now)))),
    beyond: async (horizon) => idsOf(await Promise.all(everyShard.map((shard) => beyondPage(shard, horizon)))),
  };
}
