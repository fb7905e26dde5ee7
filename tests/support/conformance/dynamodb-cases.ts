import { isDeepStrictEqual } from 'node:util';
import {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  ExecuteStatementCommand,
  GetCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { INDEXES } from '@orderflow/contracts';
import { CONFORMANCE_CASES, type ConformanceCase as StatementCase } from '@orderflow/testing/aws/partiql-conformance';
import { expectedOutcome, runConformanceCase } from '@orderflow/testing/aws/partiql-conformance-run';
import { waitFor } from '../wait-for.js';
import { verdictOf, type ConformanceCase, type Target } from './conformance-case.js';

function wordsFor({ error, absent, after }: StatementCase): string {
  if (error === 'ConditionalCheckFailed') return absent ? 'refused, no item' : 'refused, shows the item';
  return error ?? (after ? 'applied' : 'applied, changes nothing');
}

/** The statements of platform's list, each on an item of its own. */
function statementCase(statement: StatementCase): ConformanceCase {
  const { ministackAccepts, ministackLeaves } = statement;
  const miniStack =
    ministackAccepts === undefined
      ? ministackLeaves && { shows: `leaves ${JSON.stringify(ministackLeaves.after)}`, why: ministackLeaves.why }
      : { shows: 'accepted', why: ministackAccepts };
  return {
    group: 'Conditional statements',
    name: statement.name,
    ...(statement.aws === undefined ? {} : { aws: statement.aws }),
    expected: wordsFor(statement),
    ...(miniStack ? { differs: { MiniStack: miniStack } } : {}),
    observe: async ({ dynamo }, id) => {
      const outcome = await runConformanceCase(dynamo, statement, id);
      const expected = expectedOutcome(statement, id);
      if (isDeepStrictEqual(outcome, expected)) return wordsFor(statement);
      if (expected.error && !outcome.error) return 'accepted';
      if (!isDeepStrictEqual(outcome.error, expected.error)) return JSON.stringify(outcome.error ?? null);
      const wanted = ministackLeaves?.after ?? outcome.after;
      return `leaves ${JSON.stringify(Object.fromEntries(Object.keys(wanted).map((name) => [name, outcome.after[name]])))}`;
    },
  };
}

type Request = [text: string, parameters: unknown[]];

const orders = ({ names }: Target) => `"${names.ordersTable}"`;
const insert = (target: Target, id: string): Request => [
  `INSERT INTO ${orders(target)} VALUE {'orderId': ?, 'status': 'PENDING', 'version': 1}`,
  [id],
];
const update = (target: Target, id: string, version: number): Request => [
  `UPDATE ${orders(target)} SET "version" = "version" + 1 WHERE "orderId" = ? AND "version" = ?`,
  [id, version],
];

function batchOf(requests: readonly Request[], returned?: 'ALL_OLD') {
  return new BatchExecuteStatementCommand({
    Statements: requests.map(([Statement, Parameters]) => ({
      Statement,
      Parameters,
      ...(returned ? { ReturnValuesOnConditionCheckFailure: returned } : {}),
    })),
  });
}

/** What came of each statement: its error's code, with `+item` where the item is shown, or `ok`. */
async function outcomesOf({ dynamo }: Target, command: BatchExecuteStatementCommand): Promise<string> {
  const { Responses: responses = [] } = await dynamo.send(command);
  return responses
    .map(({ Error: error }) => (error ? `${error.Code ?? '?'}${error.Item ? '+item' : ''}` : 'ok'))
    .join(', ');
}

const batch = (target: Target, ...requests: Request[]) => outcomesOf(target, batchOf(requests));

async function versionOf({ dynamo, names }: Target, id: string): Promise<unknown> {
  const key = { TableName: names.ordersTable, Key: { orderId: id }, ConsistentRead: true };
  return (await dynamo.send(new GetCommand(key))).Item?.version;
}

const ONE_BY_ONE = 'it runs the statements one by one';

const BATCHES: ConformanceCase[] = [
  {
    group: 'Batches of statements',
    name: 'each statement has an outcome of its own, in its place',
    aws: 'the same',
    expected: 'ok, DuplicateItem, ConditionalCheckFailed, ok; version 2',
    observe: async (target, id) => {
      await batch(target, insert(target, `${id}a`), insert(target, `${id}b`), insert(target, `${id}c`));
      const outcomes = await batch(
        target,
        insert(target, id),
        insert(target, `${id}a`),
        update(target, `${id}b`, 9),
        update(target, `${id}c`, 1),
      );
      return `${outcomes}; version ${String(await versionOf(target, `${id}c`))}`;
    },
  },
  {
    group: 'Batches of statements',
    name: 'a refused condition shows the item only when asked with ALL_OLD',
    aws: 'the same',
    expected: 'ConditionalCheckFailed+item; without ConditionalCheckFailed',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const refused = [update(target, id, 9)];
      const shown = await outcomesOf(target, batchOf(refused, 'ALL_OLD'));
      return `${shown}; without ${await outcomesOf(target, batchOf(refused))}`;
    },
  },
  {
    group: 'Batches of statements',
    name: 'a duplicate shows no item, even with ALL_OLD',
    expected: 'DuplicateItem',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      return outcomesOf(target, batchOf([insert(target, id)], 'ALL_OLD'));
    },
  },
  {
    group: 'Batches of statements',
    name: 'a statement that makes no sense leaves its neighbours alone',
    expected: 'ValidationError, ok',
    observe: (target, id) =>
      batch(target, [`UPDATE ${orders(target)} SET "a" = ? WHERE "status" = ?`, [1, 'x']], insert(target, id)),
  },
  {
    group: 'Batches of statements',
    name: 'an unknown table leaves the neighbours alone',
    expected: 'ResourceNotFound, ok',
    observe: (target, id) => batch(target, [`DELETE FROM "no-such-table" WHERE "a" = ?`, [id]], insert(target, id)),
  },
  {
    group: 'Batches of statements',
    name: 'the same key twice',
    expected: 'ValidationException, nothing applied',
    differs: {
      MiniStack: { shows: 'accepted, both applied', why: ONE_BY_ONE },
      LocalStack: { shows: 'ValidationException, both applied', why: 'DynamoDB Local checks for duplicates too late' },
    },
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const verdict = await verdictOf(target.dynamo.send(batchOf([update(target, id, 1), update(target, id, 2)])));
      const applied = { 1: 'nothing applied', 2: 'one applied', 3: 'both applied' }[
        Number(await versionOf(target, id))
      ];
      return `${verdict}, ${applied ?? '?'}`;
    },
  },
  {
    group: 'Batches of statements',
    name: 'the same key in an INSERT and an UPDATE',
    expected: 'ValidationException',
    differs: { MiniStack: { shows: 'accepted', why: ONE_BY_ONE } },
    observe: (target, id) => verdictOf(target.dynamo.send(batchOf([insert(target, id), update(target, id, 1)]))),
  },
  {
    group: 'Batches of statements',
    name: '0, 25 and 26 statements',
    aws: '1 to 25',
    expected: 'ValidationException, accepted, ValidationException',
    observe: async (target, id) => {
      const verdicts: string[] = [];
      for (const count of [0, 25, 26]) {
        const requests = Array.from({ length: count }, (_, index) => insert(target, `${id}-${count}-${index}`));
        verdicts.push(await verdictOf(target.dynamo.send(batchOf(requests))));
      }
      return verdicts.join(', ');
    },
  },
  {
    group: 'Batches of statements',
    name: 'ten updates at once, each on condition of the same version',
    aws: 'one is applied',
    expected: '1 applied, version 2',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => batch(target, update(target, id, 1))));
      const applied = outcomes.filter((outcome) => outcome === 'ok').length;
      return `${applied} applied, version ${String(await versionOf(target, id))}`;
    },
  },
  {
    group: 'Batches of statements',
    name: 'a refused condition outside a batch',
    aws: 'ConditionalCheckFailedException',
    expected: 'ConditionalCheckFailedException',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const [Statement, Parameters] = update(target, id, 9);
      return verdictOf(target.dynamo.send(new ExecuteStatementCommand({ Statement, Parameters })));
    },
  },
  {
    group: 'Batches of statements',
    name: 'a duplicate outside a batch',
    aws: 'DuplicateItemException',
    expected: 'DuplicateItemException',
    differs: { LocalStack: { shows: 'DuplicateItem', why: 'DynamoDB Local uses the short name here, too' } },
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const [Statement, Parameters] = insert(target, id);
      return verdictOf(target.dynamo.send(new ExecuteStatementCommand({ Statement, Parameters })));
    },
  },
];

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

/** A shard of this case's own: other cases' markers lie elsewhere. */
let shards = 1_000;
function nextShard(): number {
  shards += 1;
  return shards;
}

async function mark(target: Target, id: string, shard: number, outboxAt: unknown): Promise<string> {
  return batch(target, [
    `INSERT INTO ${orders(target)} VALUE {'orderId': ?, 'version': 1, 'outboxShard': ?, 'outboxAt': ?}`,
    [id, shard, outboxAt],
  ]);
}

/** An index catches up in its own time. */
function untilShardShows(target: Target, shard: number, ids: string): Promise<string> {
  return waitFor(`index shows ${ids}`, async () => {
    const seen = await readShard(target, shard);
    return seen.ids === ids ? seen.ids : undefined;
  });
}

const INDEX_READS: ConformanceCase[] = [
  {
    group: 'Sparse index',
    name: 'holds an item while it has both attributes, and no longer',
    aws: 'the same',
    expected: 'ab, then b',
    observe: async (target, id) => {
      const shard = nextShard();
      await mark(target, `${id}-b`, shard, 2);
      await mark(target, `${id}-a`, shard, 1);
      await batch(target, [
        `INSERT INTO ${orders(target)} VALUE {'orderId': ?, 'version': 1, 'outboxShard': ?}`,
        [`${id}-c`, shard],
      ]);
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
      const all = await waitFor('index shows five', async () => {
        const { ids } = await readShard(target, shard);
        return ids.length === 5 ? ids : undefined;
      });
      let seen = '';
      let start: Record<string, unknown> | undefined;
      do {
        const page = await readShard(target, shard, { Limit: 2, ...(start ? { ExclusiveStartKey: start } : {}) });
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
  {
    group: 'Sparse index',
    name: 'BatchGet of a key twice, of 101 keys, of one that is not there',
    aws: 'refused, refused, left out',
    expected: 'ValidationException, ValidationException, 1 item',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const table = target.names.ordersTable;
      const get = (ids: string[]) =>
        target.dynamo.send(
          new BatchGetCommand({ RequestItems: { [table]: { Keys: ids.map((orderId) => ({ orderId })) } } }),
        );
      const twice = await verdictOf(get([id, id]));
      const tooMany = await verdictOf(get(Array.from({ length: 101 }, (_, index) => `${id}-${index}`)));
      const { Responses: found } = await get([id, `${id}-missing`]);
      return `${twice}, ${tooMany}, ${found?.[table]?.length ?? 0} item`;
    },
  },
];

/** The attributes that a read with a projection shows. */
const shownBy = (item: Record<string, unknown> | undefined): string =>
  Object.keys(item ?? {})
    .sort()
    .join('+') || 'nothing';

const PROJECTED = {
  ProjectionExpression: '#a0, #a1, #a2',
  ExpressionAttributeNames: { '#a0': 'orderId', '#a1': 'status', '#a2': 'not-there' },
};

const PROJECTIONS: ConformanceCase[] = [
  {
    group: 'Projections',
    name: 'Get and BatchGet show the attributes that are named and exist, and no item that does not',
    aws: 'the same',
    expected: 'orderId+status, orderId+status, nothing',
    observe: async (target, id) => {
      const { dynamo, names } = target;
      await batch(target, insert(target, id));
      const get = (orderId: string) =>
        dynamo.send(
          new GetCommand({ TableName: names.ordersTable, Key: { orderId }, ConsistentRead: true, ...PROJECTED }),
        );
      const request = { Keys: [{ orderId: id }], ConsistentRead: true, ...PROJECTED };
      const many = await dynamo.send(new BatchGetCommand({ RequestItems: { [names.ordersTable]: request } }));
      const [one, none] = [await get(id), await get(`${id}-missing`)];
      return [one.Item, many.Responses?.[names.ordersTable]?.[0], none.Item].map(shownBy).join(', ');
    },
  },
  {
    group: 'Projections',
    name: 'a name that is not used, or not given',
    aws: 'refused',
    expected: 'ValidationException, ValidationException',
    observe: async ({ dynamo, names }, id) => {
      const verdict = (change: object) =>
        verdictOf(
          dynamo.send(new GetCommand({ TableName: names.ordersTable, Key: { orderId: id }, ...PROJECTED, ...change })),
        );
      const unused = await verdict({ ProjectionExpression: '#a0' });
      return `${unused}, ${await verdict({ ExpressionAttributeNames: { '#a0': 'orderId' } })}`;
    },
  },
];

export const DYNAMODB_CASES: ConformanceCase[] = [
  ...CONFORMANCE_CASES.map(statementCase),
  ...BATCHES,
  ...INDEX_READS,
  ...PROJECTIONS,
];
