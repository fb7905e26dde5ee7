import {
  BatchGetCommand,
  GetCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';

type Item = Record<string, unknown>;

/** A range of one partition of an index, sorted. */
export type IndexRange = {
  index: string;
  partition: { name: string; value: string };
  /** Bounds are exclusive; at most one of them. */
  sort: { name: string; before?: string; after?: string };
  newestFirst: boolean;
  limit: number;
};

/**
 * Names of the top-level attributes to read; the table's key is always read with them. Absent: the whole item. A
 * projection saves memory and transfer, not read capacity.
 */
export type Projection = readonly string[];

export type TableReader = ReturnType<typeof createTableReader>;

/** Keys that one BatchGetItem takes: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100;
/** A table under load may leave keys unread; each round reads what is left. */
const MAX_ROUNDS = 5;

/** Placeholders, because some names are reserved words, for example `status` and `items`. */
function projectionOf(key: string, projection: Projection | undefined) {
  if (!projection) return {};
  const names = Object.fromEntries([...new Set([key, ...projection])].map((name, index) => [`#a${index}`, name]));
  return { ProjectionExpression: Object.keys(names).join(', '), ExpressionAttributeNames: names };
}

type IndexPart = {
  table: string;
  index: string;
  partition: { name: string; value: string | number };
  /** The whole partition when `bound` is undefined. */
  sort: { name: string; is: '<' | '<=' | '>'; bound: string | number | undefined };
};

/** One page of a part of an index. */
export function queryIndex(
  dynamo: DynamoDb,
  { table, index, partition, sort: { name, is, bound } }: IndexPart,
  how: Partial<QueryCommandInput>,
): Promise<QueryCommandOutput> {
  const isBounded = bound !== undefined;
  return dynamo.send(
    new QueryCommand({
      TableName: table,
      IndexName: index,
      KeyConditionExpression: `#partition = :partition${isBounded ? ` AND #sort ${is} :bound` : ''}`,
      ExpressionAttributeNames: { '#partition': partition.name, ...(isBounded && { '#sort': name }) },
      ExpressionAttributeValues: { ':partition': partition.value, ...(isBounded && { ':bound': bound }) },
      ...how,
    }),
  );
}

/** Reads of one table, whose partition key is `key`. */
export function createTableReader(dynamo: DynamoDb, { name: table, key }: { name: string; key: string }) {
  async function getChunk(ids: readonly string[], projection: Projection | undefined): Promise<Item[]> {
    const projected = projectionOf(key, projection);
    const found = new Map<unknown, Item>();
    let keys: Item[] = ids.map((id) => ({ [key]: id }));
    for (let round = 0; keys.length > 0; round++) {
      if (round === MAX_ROUNDS)
        throw Object.assign(new Error('the table is too busy'), { name: 'ThrottlingException' });
      const answer = await dynamo.send(
        new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true, ...projected } } }),
      );
      for (const item of answer.Responses?.[table] ?? []) found.set(item[key], item);
      keys = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    }
    return ids.map((id) => found.get(id)).filter((item) => item !== undefined);
  }

  return {
    /** Strongly consistent. */
    async get(id: string, projection?: Projection): Promise<Item | undefined> {
      const read = { TableName: table, Key: { [key]: id }, ConsistentRead: true, ...projectionOf(key, projection) };
      const answer = await dynamo.send(new GetCommand(read));
      return answer.Item;
    },

    /** The items that exist, in the order of `ids`. Strongly consistent. */
    async getMany(ids: readonly string[], projection?: Projection): Promise<Item[]> {
      const chunks = Array.from({ length: Math.ceil(ids.length / MAX_KEYS) }, (_, chunk) =>
        getChunk(ids.slice(chunk * MAX_KEYS, (chunk + 1) * MAX_KEYS), projection),
      );
      return (await Promise.all(chunks)).flat();
    },

    /** Index entries: the keys of the index and the table. */
    async query({ index, partition, sort: { name, before, after }, newestFirst, limit }: IndexRange): Promise<Item[]> {
      const sort =
        before === undefined ? { name, is: '>' as const, bound: after } : { name, is: '<' as const, bound: before };
      const how = { ScanIndexForward: !newestFirst, Limit: limit };
      const answer = await queryIndex(dynamo, { table, index, partition, sort }, how);
      return answer.Items ?? [];
    },
  };
}
