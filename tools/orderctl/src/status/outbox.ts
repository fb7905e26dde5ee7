import { INDEXES } from '@orderflow/contracts';
import { OUTBOX_SHARDS } from '@orderflow/domain/stored-item';
import { QueryCommand, type QueryCommandInput, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '@orderflow/platform/aws/clients';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import type { ConnectedSystem } from '../connect.js';
import type { Noted } from './status.js';

export type OutboxStatus = Noted<{
  table: string;
  /** Items with a marker. */
  markers?: number;
  /** Items with a due marker. */
  due?: number;
  /** How long the oldest has been due. Absent without due markers. */
  oldestDueMs?: number;
}>;

const SHARDS = Array.from({ length: OUTBOX_SHARDS }, (_, shard) => shard);

type Range = { shard: number; dueAt?: number };

function inShard(table: string, { shard, dueAt }: Range): QueryCommandInput {
  const bounded = dueAt !== undefined;
  return {
    TableName: table,
    IndexName: INDEXES.outbox,
    KeyConditionExpression: `#shard = :shard${bounded ? ' AND #dueAt <= :dueAt' : ''}`,
    ExpressionAttributeNames: { '#shard': 'outboxShard', ...(bounded ? { '#dueAt': 'outboxAt' } : {}) },
    ExpressionAttributeValues: { ':shard': shard, ...(bounded ? { ':dueAt': dueAt } : {}) },
  };
}

async function countShard(dynamo: DynamoDb, table: string, range: Range): Promise<number> {
  let count = 0;
  let startKey: Record<string, unknown> | undefined;
  do {
    const page: QueryCommandOutput = await dynamo.send(
      new QueryCommand({
        ...inShard(table, range),
        Select: 'COUNT',
        ExclusiveStartKey: startKey,
      }),
    );
    count += page.Count ?? 0;
    startKey = page.LastEvaluatedKey;
  } while (startKey);
  return count;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

async function countAll(dynamo: DynamoDb, table: string, dueAt?: number): Promise<number> {
  const bound = dueAt === undefined ? {} : { dueAt };
  return sum(await Promise.all(SHARDS.map((shard) => countShard(dynamo, table, { shard, ...bound }))));
}

/** Epoch ms at which the oldest marker became due. */
async function oldestAt(dynamo: DynamoDb, table: string): Promise<number> {
  const firsts = await Promise.all(
    SHARDS.map((shard) => dynamo.send(new QueryCommand({ ...inShard(table, { shard }), Limit: 1 }))),
  );
  return Math.min(...firsts.flatMap(({ Items: items = [] }) => items.map((item) => Number(item.outboxAt))));
}

async function readTable(dynamo: DynamoDb, table: string, now: number, toleranceMs: number): Promise<OutboxStatus> {
  const markers = await countAll(dynamo, table);
  const due = markers === 0 ? 0 : await countAll(dynamo, table, now);
  if (due === 0) return { table, markers, due };
  const oldestDueMs = Math.max(0, now - (await oldestAt(dynamo, table)));
  if (oldestDueMs <= toleranceMs) return { table, markers, due, oldestDueMs };
  const overdue = await countAll(dynamo, table, now - toleranceMs);
  const attention = `${overdue} overdue: workers are behind, or away, or messages are lost; npm run ops -- audit says which`;
  return { table, markers, due, oldestDueMs, ...(overdue > 0 ? { attention } : {}) };
}

/** The outbox markers of both tables, from their eventually consistent indexes. */
export async function readOutbox(
  { aws, names }: ConnectedSystem,
  now: number,
  toleranceMs: number,
): Promise<OutboxStatus[]> {
  return Promise.all(
    [names.ordersTable, names.notificationsTable].map(async (table): Promise<OutboxStatus> => {
      try {
        return await readTable(aws.dynamo, table, now, toleranceMs);
      } catch (error) {
        if (isTopologyMissing(error)) return { table, attention: 'the table is missing' };
        throw error;
      }
    }),
  );
}
