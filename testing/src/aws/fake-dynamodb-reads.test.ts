import { BatchGetCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
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

describe('Get and BatchGet', () => {
  it('reads copies of items', async () => {
    const dynamo = createDynamo({ id: 'a', deep: { n: 1 } });
    const read = async () => (await dynamo.send(new GetCommand({ TableName: TABLE, Key: { id: 'a' } }))).Item;
    const first = (await read()) as { deep: { n: number } };
    first.deep.n = 2;
    expect(await read()).toEqual({ id: 'a', deep: { n: 1 } });
  });

  it('omits Item for a missing item', async () => {
    const output = await createDynamo().send(new GetCommand({ TableName: TABLE, Key: { id: 'a' } }));
    expect(output).not.toHaveProperty('Item');
  });

  const project = (expression: string, names: Record<string, string>) => ({
    ProjectionExpression: expression,
    ExpressionAttributeNames: names,
  });

  it('reads only the attributes of a projection', async () => {
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

  it('returns keys as unprocessed on request', async () => {
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
