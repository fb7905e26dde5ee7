import type {
  BatchExecuteStatementCommandInput,
  BatchGetCommandInput,
  DynamoDBDocumentClient,
  GetCommandInput,
  QueryCommandInput,
  ScanCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { batchExecute, batchGet } from './fake-dynamodb-calls.js';
import { createFakeClient, type FakeClient } from './fake-client.js';
import { PROJECTION_PARAMETERS, projectorOf } from './fake-projection.js';
import { query, scan } from './fake-query.js';
import { createFakeTable, type FakeTable, type TableSchema } from './fake-table.js';
import { toServiceException } from './dynamodb-errors.js';
import { tableNotFound } from './statement-failure.js';
import { marshal, type Item } from './values.js';

type Inputs = {
  BatchExecuteStatement: BatchExecuteStatementCommandInput;
  Get: GetCommandInput;
  BatchGet: BatchGetCommandInput;
  Query: QueryCommandInput;
  Scan: ScanCommandInput;
};

export type FakeDynamoDb = FakeClient<DynamoDBDocumentClient, Inputs> & {
  /** Stores items directly: no condition, no planned fault, no recorded call. */
  seed(tableName: string, ...items: Item[]): void;
  item(tableName: string, key: Item): Item | undefined;
  items(tableName: string): Item[];
  /** The next BatchGet reads only the first `readCount` keys and returns the others as unprocessed. */
  leaveUnprocessedNext(readCount: number): void;
};

type Options = {
  tables: readonly TableSchema[];
};

const PAGE_PARAMETERS = ['TableName', 'IndexName', 'Limit', 'ExclusiveStartKey', 'Select', 'ConsistentRead'] as const;

/** Throws what DynamoDB rejects in the way the SDK does. */
function orServiceException<Output>(run: () => Output): Output {
  try {
    return run();
  } catch (failure) {
    throw toServiceException(failure);
  }
}

export function createFakeDynamoDb({ tables: schemas }: Options): FakeDynamoDb {
  const tables = new Map(schemas.map((schema) => [schema.TableName, createFakeTable(schema)]));
  const readCounts: number[] = [];

  function table(name: string | undefined): FakeTable {
    const found = tables.get(name);
    if (!found) throw tableNotFound();
    return found;
  }

  function readItem(tableName: string | undefined, key: Item): Item | undefined {
    return table(tableName).get(table(tableName).exactKeyText(key));
  }

  const client = createFakeClient<DynamoDBDocumentClient, Inputs>({
    BatchExecuteStatement: {
      parameters: ['Statements'],
      run: (input, { takeEntryFault }) => orServiceException(() => batchExecute(table, input, takeEntryFault)),
    },
    Get: {
      parameters: ['TableName', 'Key', 'ConsistentRead', ...PROJECTION_PARAMETERS],
      run: (input) =>
        orServiceException(() => {
          const project = projectorOf(input);
          const item = readItem(input.TableName, input.Key ?? {});
          return item ? { Item: project(item) } : {};
        }),
    },
    BatchGet: {
      parameters: ['RequestItems'],
      run: (input) => orServiceException(() => batchGet(table, input, readCounts.shift())),
    },
    Query: {
      parameters: [
        ...PAGE_PARAMETERS,
        'KeyConditionExpression',
        'ExpressionAttributeNames',
        'ExpressionAttributeValues',
        'ScanIndexForward',
      ],
      run: (input) =>
        orServiceException(() => {
          marshal({ ...input.ExpressionAttributeValues, ...input.ExclusiveStartKey });
          return query(table(input.TableName).source(input.IndexName), input);
        }),
    },
    Scan: {
      parameters: [...PAGE_PARAMETERS, 'ProjectionExpression', 'ExpressionAttributeNames'],
      run: (input) => orServiceException(() => scan(table(input.TableName).source(input.IndexName), input)),
    },
  });

  return {
    ...client,
    seed: (tableName, ...items) => {
      for (const item of items) {
        marshal(item);
        table(tableName).put(item);
      }
    },
    item: readItem,
    items: (tableName) => table(tableName).items(),
    leaveUnprocessedNext: (readCount) => {
      readCounts.push(readCount);
    },
  };
}
