import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { BatchExecuteStatementCommand } from '@aws-sdk/lib-dynamodb';
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

const INSERT = `INSERT INTO "${TABLE}" VALUE {'id': ?, 'n': ?}`;
const UPDATE = `UPDATE "${TABLE}" SET "n" = "n" + 1 WHERE "id" = ? AND "n" = ?`;
const ALL_OLD = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

const insert = (id: string) => ({ Statement: INSERT, Parameters: [id, 1], ...ALL_OLD });
const update = (id: string, n: number) => ({ Statement: UPDATE, Parameters: [id, n], ...ALL_OLD });

describe('BatchExecuteStatement', () => {
  const send = (dynamo: ReturnType<typeof createDynamo>, Statements: object[]) =>
    dynamo.send(new BatchExecuteStatementCommand({ Statements: Statements as ReturnType<typeof insert>[] }));

  it('answers each statement separately and in order, with items as plain values', async () => {
    const dynamo = createDynamo({ id: 'a', n: 1 }, { id: 'b', n: 1 });
    const withoutAllOld = { Statement: UPDATE, Parameters: ['b', 9] };
    const output = await send(dynamo, [
      update('a', 9),
      update('missing', 1),
      insert('c'),
      withoutAllOld,
      { Statement: 'UPDATE "other" SET "x" = ? WHERE "id" = ?', Parameters: [1, 'x'] },
      { Statement: `UPDATE "${TABLE}" SET "x" = "x" + 1 WHERE "id" = ?`, Parameters: ['d'] },
      { Statement: `UPDATE "${TABLE}" SET "x" = ? WHERE "n" = ?`, Parameters: [1, 'd'] },
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

  it('accepts 1 to 25 statements', async () => {
    const dynamo = createDynamo();
    const inserts = Array.from({ length: 26 }, (_, index) => insert(`i${index}`));
    await expect(send(dynamo, [])).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(send(dynamo, inserts)).rejects.toMatchObject({ name: 'ValidationException' });
    expect((await send(dynamo, inserts.slice(1))).Responses).toHaveLength(25);
  });

  it('rejects single entries on request, without applying them', async () => {
    const dynamo = createDynamo();
    dynamo.rejectEntriesNext('BatchExecuteStatement', 'ThrottlingError');
    const output = await send(dynamo, [insert('a'), insert('b')]);
    expect(output.Responses?.map((response) => response.Error?.Code)).toEqual(['ThrottlingError', undefined]);
    expect(dynamo.items(TABLE)).toEqual([{ id: 'b', n: 1 }]);
  });

  it('throws for a statement that it does not support', async () => {
    await expect(send(createDynamo(), [{ Statement: 'SELECT * FROM "t"' }])).rejects.toThrow('does not cover');
  });
});

describe('an unknown operation', () => {
  it('is rejected', async () => {
    const put = new PutItemCommand({ TableName: TABLE, Item: {} });
    await expect(createDynamo().send(put)).rejects.toThrow('does not cover the operation PutItem');
  });
});
