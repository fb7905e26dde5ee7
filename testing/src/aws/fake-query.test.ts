import { QueryCommand, ScanCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { createFakeDynamoDb } from './fake-dynamodb.js';
import { CONFORMANCE_TABLE } from './partiql-conformance.js';
import type { Item } from './values.js';

const TABLE = CONFORMANCE_TABLE.TableName;

function createDynamo(...items: Item[]) {
  const dynamo = createFakeDynamoDb({ tables: [CONFORMANCE_TABLE] });
  dynamo.seed(TABLE, ...items);
  return dynamo;
}

describe('Query', () => {
  const due = (id: string, dueAt: string, shard = 's1') => ({ id, shard, dueAt, other: 1 });
  const SEEDED = [due('c', '2'), due('a', '1'), due('b', '2'), due('x', '1', 's2'), { id: 'sparse', shard: 's1' }];

  const query = (input: Partial<QueryCommandInput>, values: Item = {}, dynamo = createDynamo(...SEEDED)) =>
    dynamo.send(
      new QueryCommand({
        TableName: TABLE,
        IndexName: 'due',
        KeyConditionExpression: '#shard = :shard',
        ExpressionAttributeNames: {
          '#shard': 'shard',
          ...(input.KeyConditionExpression?.includes('#due') ? { '#due': 'dueAt' } : {}),
        },
        ExpressionAttributeValues: { ':shard': 's1', ...values },
        ...input,
      }),
    );
  const ids = async (...input: Parameters<typeof query>) => (await query(...input)).Items?.map(({ id }) => String(id));

  it('reads the keys of a sparse index in order', async () => {
    expect((await query({ Limit: 1 })).Items).toEqual([{ id: 'a', shard: 's1', dueAt: '1' }]);
    expect(await ids({})).toEqual(['a', 'b', 'c']);
    expect(await ids({ ScanIndexForward: false })).toEqual(['c', 'b', 'a']);
  });

  it.each([
    ['#shard = :shard AND #due < :due', ['a']],
    ['#shard = :shard AND #due <= :due', ['a', 'b', 'c']],
    ['#shard = :shard AND #due > :due', []],
  ])('understands %s', async (KeyConditionExpression, expected) => {
    expect(await ids({ KeyConditionExpression }, { ':due': '2' })).toEqual(expected);
  });

  it('reads all pages, in both directions, the last one possibly empty', async () => {
    for (const ScanIndexForward of [true, false]) {
      const pages: unknown[] = [];
      let start: Item | undefined;
      do {
        const page = await query({ Limit: 1, ScanIndexForward, ExclusiveStartKey: start });
        pages.push(page.Items?.[0]?.id);
        start = page.LastEvaluatedKey;
      } while (start);
      expect(pages).toEqual([...(ScanIndexForward ? ['a', 'b', 'c'] : ['c', 'b', 'a']), undefined]);
    }
  });

  it('continues after a key that was deleted', async () => {
    expect(await ids({ ExclusiveStartKey: { id: 'aa', shard: 's1', dueAt: '1' } })).toEqual(['b', 'c']);
  });

  it('returns only the count with Select COUNT', async () => {
    const output = await query({ Select: 'COUNT' });
    expect(output).toMatchObject({ Count: 3, ScannedCount: 3 });
    expect(output).not.toHaveProperty('Items');
  });

  it('reads the table by its key', async () => {
    const byId = {
      KeyConditionExpression: '#id = :id',
      ExpressionAttributeNames: { '#id': 'id' },
      ExpressionAttributeValues: { ':id': 'a' },
    };
    const output = await createDynamo(...SEEDED).send(new QueryCommand({ TableName: TABLE, ...byId }));
    expect(output.Items).toEqual([due('a', '1')]);
  });

  it.each<[string, Partial<QueryCommandInput>]>([
    ['an index that does not exist', { IndexName: 'other' }],
    ['a consistent read of an index', { ConsistentRead: true }],
    ['an unused name', { ExpressionAttributeNames: { '#shard': 'shard', '#x': 'x' } }],
    ['an unused value', { ExpressionAttributeValues: { ':shard': 's1', ':x': 1 } }],
    ['a value that is not given', { ExpressionAttributeValues: {} }],
    ['a value of another type', { ExpressionAttributeValues: { ':shard': 1 } }],
    ['an attribute that is not the key', { ExpressionAttributeNames: { '#shard': 'other' } }],
    ['a start key of another shape', { ExclusiveStartKey: { id: 'a' } }],
    ['a start key of another partition', { ExclusiveStartKey: { id: 'a', shard: 's2', dueAt: '1' } }],
    ['a limit of 0', { Limit: 0 }],
  ])('refuses %s', async (_name, input) => {
    await expect(query(input)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('refuses an unknown table', async () => {
    await expect(query({ TableName: 'other' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('throws for parameters that it does not support', async () => {
    await expect(query({ KeyConditionExpression: 'shard = :shard' })).rejects.toThrow('does not cover');
    await expect(query({ FilterExpression: '#a = :a' })).rejects.toThrow('FilterExpression');
    await expect(query({ Select: 'ALL_ATTRIBUTES' })).rejects.toThrow('ALL_ATTRIBUTES');
  });
});

describe('Scan', () => {
  it('reads in pages', async () => {
    const dynamo = createDynamo({ id: 'a', n: 1 }, { id: 'b', n: 2 }, { id: 'c', n: 3 });
    const first = await dynamo.send(new ScanCommand({ TableName: TABLE, Limit: 2 }));
    expect(first).toMatchObject({ Count: 2, LastEvaluatedKey: { id: 'b' } });
    const rest = { TableName: TABLE, ExclusiveStartKey: { id: 'b' }, Limit: 2 };
    const second = await dynamo.send(new ScanCommand(rest));
    expect(second.Items).toEqual([{ id: 'c', n: 3 }]);
    expect(second).not.toHaveProperty('LastEvaluatedKey');
  });
});
