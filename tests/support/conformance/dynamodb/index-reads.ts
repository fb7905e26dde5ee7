import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { INDEXES } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { verdictOf, type ConformanceCase, type Target } from '../conformance-case.js';
import { batch, orders } from './requests.js';

function outboxQuery({ names }: Target, shard: number, change: object = {}) {
  return new QueryCommand({
    TableName: names.ordersTable,
    IndexName: INDEXES.outbox,
    KeyConditionExpression: '#shard = :shard',
    ExpressionAttributeNames: { '#shard': 'outboxShard' },
    ExpressionAttributeValues: { ':shard': shard },
    ...change,
  });
}

async function readShard(target: Target, shard: number, change: object = {}) {
  const { Items: items = [], LastEvaluatedKey: next } = await target.dynamo.send(outboxQuery(target, shard, change));
  return { items, next, ids: items.map(({ orderId }) => String(orderId).at(-1)).join('') };
}

/** A separate shard per case. */
let shards = 1_000;
function nextShard(): number {
  shards += 1;
  return shards;
}

async function mark(target: Target, id: string, shard: number, outboxAt: unknown): Promise<string> {
  return batch(target, [
    `INSERT INTO ${orders(target)} VALUE {'orderId': ?, 'outboxShard': ?, 'outboxAt': ?}`,
    [id, shard, outboxAt],
  ]);
}

/** Indexes are eventually consistent. */
function untilShardShows(target: Target, shard: number, ids: string): Promise<string> {
  return eventually(async () => {
    const seen = await readShard(target, shard);
    return seen.ids === ids ? seen.ids : undefined;
  }, `index shows ${ids}`);
}

export const INDEX_READS: ConformanceCase[] = [
  {
    group: 'Sparse index',
    name: 'contains an item only while it has both attributes',
    aws: 'the same',
    expected: 'ab, then b',
    observe: async (target, id) => {
      const shard = nextShard();
      await mark(target, `${id}-b`, shard, 2);
      await mark(target, `${id}-a`, shard, 1);
      await batch(target, [`INSERT INTO ${orders(target)} VALUE {'orderId': ?, 'outboxShard': ?}`, [`${id}-c`, shard]]);
      const before = await untilShardShows(target, shard, 'ab');
      await batch(target, [
        `UPDATE ${orders(target)} REMOVE "outboxShard" REMOVE "outboxAt" WHERE "orderId" = ?`,
        [`${id}-a`],
      ]);
      return `${before}, then ${await untilShardShows(target, shard, 'b')}`;
    },
  },
  {
    group: 'Sparse index',
    name: 'shows keys only',
    aws: 'the same',
    expected: 'orderId, outboxAt, outboxShard',
    observe: async (target, id) => {
      const shard = nextShard();
      await mark(target, `${id}-a`, shard, 1);
      await untilShardShows(target, shard, 'a');
      const { items } = await readShard(target, shard);
      return Object.keys(items[0] ?? {})
        .sort()
        .join(', ');
    },
  },
  {
    group: 'Sparse index',
    name: 'a page that is exactly full has a next one, which is empty',
    aws: 'possible',
    expected: 'ab and more, then nothing',
    observe: async (target, id) => {
      const shard = nextShard();
      for (const [index, letter] of ['a', 'b'].entries()) await mark(target, `${id}-${letter}`, shard, index);
      await untilShardShows(target, shard, 'ab');
      const first = await readShard(target, shard, { Limit: 2 });
      if (!first.next) return first.ids;
      const second = await readShard(target, shard, { Limit: 2, ExclusiveStartKey: first.next });
      return `${first.ids} and more, then ${second.ids || 'nothing'}`;
    },
  },
  {
    group: 'Sparse index',
    name: 'pages with equal sort keys show each item once',
    aws: 'the same, in any order',
    expected: 'abcde',
    observe: async (target, id) => {
      const shard = nextShard();
      for (const letter of 'abcde') await mark(target, `${id}-${letter}`, shard, 7);
      const all = await eventually(async () => {
        const { ids } = await readShard(target, shard);
        return ids.length === 5 ? ids : undefined;
      }, 'index shows five');
      let seen = '';
      let start: Record<string, unknown> | undefined;
      do {
        const page = await readShard(target, shard, { Limit: 2, ExclusiveStartKey: start });
        seen += page.ids;
        start = page.next;
      } while (start && seen.length <= all.length);
      return seen.split('').sort().join('');
    },
  },
  {
    group: 'Sparse index',
    name: 'a strongly consistent read',
    aws: 'refused',
    expected: 'ValidationException',
    observe: (target) => verdictOf(target.dynamo.send(outboxQuery(target, 1, { ConsistentRead: true }))),
  },
  {
    group: 'Sparse index',
    name: 'a key of another type',
    aws: 'refused',
    expected: 'ValidationError',
    differs: { MiniStack: { shows: 'ok', why: "it does not check the values of an index's key" } },
    observe: (target, id) => mark(target, id, 1, 'tomorrow'),
  },
];
