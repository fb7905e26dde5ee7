import { describe, expect, it } from '@jest/globals';
import { createFakeDynamoDb } from '@orderflow/testing/aws/fake-dynamodb';
import { CONFORMANCE_TABLE } from '@orderflow/testing/aws/partiql-conformance';
import { createTableReader } from './table-reader.js';

const TABLE = CONFORMANCE_TABLE.TableName;

function createReader() {
  const dynamo = createFakeDynamoDb({ tables: [CONFORMANCE_TABLE] });
  dynamo.seed(TABLE, { id: 'a', status: 1, items: [1] }, { id: 'b', status: 2 }, { id: 'c', status: 3, items: [3] });
  return { dynamo, reader: createTableReader(dynamo, { name: TABLE, key: 'id' }) };
}

describe('a table reader', () => {
  it('reads whole items by default', async () => {
    const { reader } = createReader();
    expect(await reader.get('a')).toEqual({ id: 'a', status: 1, items: [1] });
    expect(await reader.getMany(['b', 'a'])).toEqual([
      { id: 'b', status: 2 },
      { id: 'a', status: 1, items: [1] },
    ]);
  });

  it.each([[['status']], [['id', 'status', 'status']]])('reads the key and %j', async (projection) => {
    const { reader } = createReader();
    expect(await reader.get('a', projection)).toEqual({ id: 'a', status: 1 });
    expect(await reader.get('missing', projection)).toBeUndefined();
    expect(await reader.getMany(['c', 'missing', 'b'], projection)).toEqual([
      { id: 'c', status: 3 },
      { id: 'b', status: 2 },
    ]);
  });

  it('reads any number of items, 100 keys per call', async () => {
    const { dynamo, reader } = createReader();
    const ids = Array.from({ length: 250 }, (_, index) => `id-${index}`);
    dynamo.seed(TABLE, ...ids.map((id) => ({ id })));
    expect(await reader.getMany(ids)).toEqual(ids.map((id) => ({ id })));
    const keys = dynamo.callsOf('BatchGet').map(({ RequestItems = {} }) => RequestItems[TABLE]?.Keys?.length);
    expect(keys).toEqual([100, 100, 50]);
    expect(await reader.getMany([])).toEqual([]);
    expect(dynamo.callsOf('BatchGet')).toHaveLength(3);
  });

  it('keeps the projection for keys that a busy table left unread', async () => {
    const { dynamo, reader } = createReader();
    dynamo.leaveUnprocessedNext(1);
    expect(await reader.getMany(['a', 'c'], ['status'])).toEqual([
      { id: 'a', status: 1 },
      { id: 'c', status: 3 },
    ]);
  });

  it('gives up if a table stays too busy', async () => {
    const { dynamo, reader } = createReader();
    for (let round = 0; round < 5; round++) dynamo.leaveUnprocessedNext(0);
    await expect(reader.getMany(['a'])).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});
