import { DescribeTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  ExecuteStatementCommand,
  GetCommand,
  QueryCommand,
  ScanCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { createFakeDynamoDb } from './fake-dynamodb.js';
import { CONFORMANCE_TABLE } from './partiql-conformance.js';
import type { Item } from './values.js';

const TABLE = CONFORMANCE_TABLE.TableName;
const INSERT = `INSERT INTO "${TABLE}" VALUE {'id': ?, 'n': ?}`;
const UPDATE = `UPDATE "${TABLE}" SET n = n + 1 WHERE id = ? AND n = ?`;
const ALL_OLD = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

function createDynamo(...items: Item[]) {
  const dynamo = createFakeDynamoDb({ tables: [CONFORMANCE_TABLE], longestPage: 3 });
  dynamo.seed(TABLE, ...items);
  return dynamo;
}

const insert = (id: string) => ({ Statement: INSERT, Parameters: [id, 1], ...ALL_OLD });
const update = (id: string, n: number) => ({ Statement: UPDATE, Parameters: [id, n], ...ALL_OLD });

describe('ExecuteStatement', () => {
  it('applies the statement', async () => {
    const dynamo = createDynamo({ id: 'a', n: 1 });
    expect(await dynamo.send(new ExecuteStatementCommand(update('a', 1)))).toMatchObject({ Items: [] });
    expect(dynamo.item(TABLE, { id: 'a' })).toEqual({ id: 'a', n: 2 });
  });

  it('answers a RETURNING clause', async () => {
    const dynamo = createDynamo({ id: 'a', n: 1 });
    const run = async (which: string) => {
      const returning = { Statement: `${UPDATE} RETURNING ALL ${which} *`, Parameters: ['a', which === 'OLD' ? 1 : 2] };
      return (await dynamo.send(new ExecuteStatementCommand(returning))).Items;
    };
    expect(await run('OLD')).toEqual([{ id: 'a', n: 1 }]);
    expect(await run('NEW')).toEqual([{ id: 'a', n: 3 }]);
  });

  it('refuses like the SDK, the item in the notation that lib-dynamodb leaves it in', async () => {
    const dynamo = createDynamo({ id: 'a', n: 1, deep: { list: [null, true] } });
    await expect(dynamo.send(new ExecuteStatementCommand(update('a', 9)))).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      $metadata: { httpStatusCode: 400 },
      Item: { id: { S: 'a' }, n: { N: '1' }, deep: { M: { list: { L: [{ NULL: true }, { BOOL: true }] } } } },
    });
    const withoutItem = dynamo.send(new ExecuteStatementCommand({ Statement: UPDATE, Parameters: ['a', 9] }));
    await expect(withoutItem).rejects.toHaveProperty('Item', undefined);
    await expect(dynamo.send(new ExecuteStatementCommand(insert('a')))).rejects.toMatchObject({
      name: 'DuplicateItemException',
    });
  });

  it('names what is invalid or missing as the SDK does', async () => {
    const dynamo = createDynamo();
    const noKey = { Statement: `UPDATE "${TABLE}" SET n = 1 WHERE n = ?`, Parameters: [1] };
    await expect(dynamo.send(new ExecuteStatementCommand(noKey))).rejects.toMatchObject({
      name: 'ValidationException',
      $fault: 'client',
    });
    const noTable = { Statement: 'DELETE FROM "other" WHERE id = ?', Parameters: ['a'] };
    await expect(dynamo.send(new ExecuteStatementCommand(noTable))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 400 },
    });
  });
});

describe('BatchExecuteStatement', () => {
  const send = (dynamo: ReturnType<typeof createDynamo>, Statements: object[]) =>
    dynamo.send(new BatchExecuteStatementCommand({ Statements: Statements as ReturnType<typeof insert>[] }));

  it('answers each statement by itself and in order, the items as plain values', async () => {
    const dynamo = createDynamo({ id: 'a', n: 1 }, { id: 'b', n: 1 });
    const withoutAllOld = { Statement: UPDATE, Parameters: ['b', 9] };
    const output = await send(dynamo, [
      update('a', 9),
      update('missing', 1),
      insert('c'),
      withoutAllOld,
      { Statement: 'DELETE FROM "other" WHERE id = ?', Parameters: ['x'] },
      { Statement: `UPDATE "${TABLE}" SET x = x + 1 WHERE id = ?`, Parameters: ['d'] },
      { Statement: `UPDATE "${TABLE}" SET x = 1 WHERE n = ?`, Parameters: ['d'] },
    ]);
    expect(output.Responses?.map((response) => response.Error?.Code)).toEqual([
      'ConditionalCheckFailed',
      'ConditionalCheckFailed',
      undefined,
      'ConditionalCheckFailed',
      'ResourceNotFound',
      'ConditionalCheckFailed',
      'ValidationError',
    ]);
    expect(output.Responses?.map((response) => response.Error?.Item)).toEqual([
      { id: 'a', n: 1 },
      ...Array.from({ length: 6 }, () => undefined),
    ]);
    expect(output.Responses?.[0]?.Error?.Message).toBe('The conditional request failed');
    expect(dynamo.item(TABLE, { id: 'c' })).toEqual({ id: 'c', n: 1 });
  });

  it('is refused as a whole when it holds a key twice', async () => {
    const dynamo = createDynamo();
    await expect(send(dynamo, [insert('a'), insert('b'), update('a', 1)])).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Provided list of item keys contains duplicates',
    });
    expect(dynamo.items(TABLE)).toEqual([]);
  });

  it('holds 1 to 25 statements', async () => {
    const dynamo = createDynamo();
    const inserts = Array.from({ length: 26 }, (_, index) => insert(`i${index}`));
    await expect(send(dynamo, [])).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(send(dynamo, inserts)).rejects.toMatchObject({ name: 'ValidationException' });
    expect((await send(dynamo, inserts.slice(1))).Responses).toHaveLength(25);
  });

  it('rejects single entries when told to, without applying them', async () => {
    const dynamo = createDynamo();
    dynamo.rejectEntriesNext('BatchExecuteStatement', 'ThrottlingError');
    const output = await send(dynamo, [insert('a'), insert('b')]);
    expect(output.Responses?.map((response) => response.Error?.Code)).toEqual(['ThrottlingError', undefined]);
    expect(dynamo.items(TABLE)).toEqual([{ id: 'b', n: 1 }]);
  });

  it('throws for a statement that is not covered', async () => {
    await expect(send(createDynamo(), [{ Statement: 'SELECT * FROM "t"' }])).rejects.toThrow('does not cover');
  });
});

describe('Get and BatchGet', () => {
  it('reads copies of items', async () => {
    const dynamo = createDynamo({ id: 'a', deep: { n: 1 } });
    const read = async () => (await dynamo.send(new GetCommand({ TableName: TABLE, Key: { id: 'a' } }))).Item;
    const first = (await read()) as { deep: { n: number } };
    first.deep.n = 2;
    expect(await read()).toEqual({ id: 'a', deep: { n: 1 } });
  });

  it('leaves Item out for a missing one', async () => {
    const output = await createDynamo().send(new GetCommand({ TableName: TABLE, Key: { id: 'a' } }));
    expect(output).not.toHaveProperty('Item');
  });

  const project = (expression: string, names: Record<string, string>) => ({
    ProjectionExpression: expression,
    ExpressionAttributeNames: names,
  });

  it('reads only what a projection names', async () => {
    const dynamo = createDynamo({ id: 'a', n: 1, deep: { n: 1 } }, { id: 'b', n: 2 });
    const projection = project('#a, #b', { '#a': 'id', '#b': 'deep' });
    const one = await dynamo.send(new GetCommand({ TableName: TABLE, Key: { id: 'a' }, ...projection }));
    expect(one.Item).toEqual({ id: 'a', deep: { n: 1 } });
    const Keys = [{ id: 'a' }, { id: 'b' }];
    const many = await dynamo.send(new BatchGetCommand({ RequestItems: { [TABLE]: { Keys, ...projection } } }));
    expect(many.Responses).toEqual({ [TABLE]: [{ id: 'a', deep: { n: 1 } }, { id: 'b' }] });
  });

  it.each([
    ['a placeholder that is not given', project('#a, #b', { '#a': 'id' })],
    ['a placeholder that is not used', project('#a', { '#a': 'id', '#b': 'n' })],
    ['an attribute twice', project('#a, #b', { '#a': 'id', '#b': 'id' })],
    ['names without a projection', { ExpressionAttributeNames: { '#a': 'id' } }],
  ])('refuses a projection with %s', async (_name, projection) => {
    const read = new GetCommand({ TableName: TABLE, Key: { id: 'a' }, ...projection });
    await expect(createDynamo({ id: 'a' }).send(read)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it.each([
    ['another attribute', { other: 'a' }],
    ['one attribute too many', { id: 'a', other: 'a' }],
    ['another type', { id: 1 }],
    ['an empty string', { id: '' }],
  ])('refuses a key of %s', async (_name, Key) => {
    await expect(createDynamo().send(new GetCommand({ TableName: TABLE, Key }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  const batchGet = (dynamo: ReturnType<typeof createDynamo>, ids: string[], table = TABLE) =>
    dynamo.send(new BatchGetCommand({ RequestItems: { [table]: { Keys: ids.map((id) => ({ id })) } } }));

  it('reads many, not in the order of the request', async () => {
    const dynamo = createDynamo({ id: 'a' }, { id: 'b' });
    const output = await batchGet(dynamo, ['b', 'missing', 'a']);
    expect(output.Responses).toEqual({ [TABLE]: [{ id: 'a' }, { id: 'b' }] });
    expect(output.UnprocessedKeys).toEqual({});
  });

  it('hands keys back unprocessed when told to', async () => {
    const dynamo = createDynamo({ id: 'a' }, { id: 'b' });
    dynamo.leaveUnprocessedNext(1);
    const output = await batchGet(dynamo, ['b', 'a']);
    expect(output.Responses).toEqual({ [TABLE]: [{ id: 'b' }] });
    expect(output.UnprocessedKeys).toEqual({ [TABLE]: { Keys: [{ id: 'a' }] } });
    expect((await batchGet(dynamo, ['b', 'a'])).UnprocessedKeys).toEqual({});
  });

  it('refuses no key, a key twice, more than 100 keys, and an unknown table', async () => {
    const dynamo = createDynamo();
    const many = Array.from({ length: 101 }, (_, index) => `i${index}`);
    for (const ids of [[], ['a', 'a'], many]) {
      await expect(batchGet(dynamo, ids)).rejects.toMatchObject({ name: 'ValidationException' });
    }
    await expect(batchGet(dynamo, ['a'], 'other')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

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
    ['#shard = :shard AND #due = :due', ['b', 'c']],
    ['#shard = :shard AND #due > :due', []],
    ['#shard = :shard AND #due >= :due', ['b', 'c']],
    ['#shard = :shard AND #due BETWEEN :due AND :due', ['b', 'c']],
  ])('understands %s', async (KeyConditionExpression, expected) => {
    expect(await ids({ KeyConditionExpression }, { ':due': '2' })).toEqual(expected);
  });

  it('reads all pages, in both directions, the last one possibly empty', async () => {
    for (const ScanIndexForward of [true, false]) {
      const pages: unknown[] = [];
      let start: Item | undefined;
      do {
        const page = await query({ Limit: 1, ScanIndexForward, ...(start ? { ExclusiveStartKey: start } : {}) });
        pages.push(page.Items?.[0]?.id);
        start = page.LastEvaluatedKey;
      } while (start);
      expect(pages).toEqual([...(ScanIndexForward ? ['a', 'b', 'c'] : ['c', 'b', 'a']), undefined]);
    }
  });

  it('goes on after a key that is gone', async () => {
    expect(await ids({ ExclusiveStartKey: { id: 'aa', shard: 's1', dueAt: '1' } })).toEqual(['b', 'c']);
  });

  it('counts', async () => {
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

  it('throws for what is not covered', async () => {
    await expect(query({ KeyConditionExpression: 'shard = :shard' })).rejects.toThrow('does not cover');
    await expect(query({ FilterExpression: '#a = :a' })).rejects.toThrow('FilterExpression');
    await expect(query({ Select: 'ALL_ATTRIBUTES' })).rejects.toThrow('ALL_ATTRIBUTES');
  });
});

describe('the rest', () => {
  it('scans in pages, also without a limit', async () => {
    const dynamo = createDynamo(...['a', 'b', 'c', 'd'].map((id) => ({ id })));
    const first = await dynamo.send(new ScanCommand({ TableName: TABLE }));
    expect(first).toMatchObject({ Count: 3, LastEvaluatedKey: { id: 'c' } });
    const rest = { TableName: TABLE, ExclusiveStartKey: { id: 'c' } };
    const second = await dynamo.send(new ScanCommand(rest));
    expect(second.Items).toEqual([{ id: 'd' }]);
    expect(second).not.toHaveProperty('LastEvaluatedKey');
  });

  it('describes a table', async () => {
    const dynamo = createDynamo();
    const output = await dynamo.send(new DescribeTableCommand({ TableName: TABLE }));
    expect(output.Table?.TableStatus).toBe('ACTIVE');
    const other = dynamo.send(new DescribeTableCommand({ TableName: 'other' }));
    await expect(other).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('does not pretend to know an operation', async () => {
    const put = new PutItemCommand({ TableName: TABLE, Item: {} });
    await expect(createDynamo().send(put)).rejects.toThrow('does not cover the operation PutItem');
  });
});
