import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { DynamoDBClient, type BatchExecuteStatementCommandOutput } from '@aws-sdk/client-dynamodb';
import { BatchExecuteStatementCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { createDocumentClient } from './document-client.js';

type Call = { name: string; input: unknown; options: unknown };

/** A plain client that answers without a network, and its calls. */
function clientThatAnswers(answer: object) {
  const calls: Call[] = [];
  const client = new DynamoDBClient({ region: 'us-east-1' });
  client.send = ((command: { input: unknown }, options: unknown) => {
    calls.push({ name: command.constructor.name, input: command.input, options });
    return Promise.resolve({ $metadata: {}, ...answer });
  }) as DynamoDBClient['send'];
  return { client, calls };
}

const clientOf = (answer: Partial<BatchExecuteStatementCommandOutput>) => {
  const documents = new DynamoDBClient({ region: 'us-east-1' });
  const statements = clientThatAnswers(answer);
  return { dynamo: createDocumentClient(documents, statements.client), calls: statements.calls };
};

describe('a document client', () => {
  it('sends the values of statements as attribute values', async () => {
    const { dynamo, calls } = clientOf({ Responses: [{ TableName: 'jobs' }] });
    const Statement = `INSERT INTO "jobs" VALUE {'jobId': ?, 'tries': ?, 'tags': ?}`;
    const abortSignal = new AbortController().signal;
    await dynamo.send(
      new BatchExecuteStatementCommand({
        Statements: [{ Statement, Parameters: ['j1', 2, [{ a: true }, null]] }],
        ReturnConsumedCapacity: 'TOTAL',
      }),
      { abortSignal },
    );
    expect(calls).toEqual([
      {
        name: 'BatchExecuteStatementCommand',
        input: {
          Statements: [
            {
              Statement,
              Parameters: [{ S: 'j1' }, { N: '2' }, { L: [{ M: { a: { BOOL: true } } }, { NULL: true }] }],
            },
          ],
          ReturnConsumedCapacity: 'TOTAL',
        },
        options: { abortSignal },
      },
    ]);
  });

  it('returns items as values, including items of failed conditions', async () => {
    const { dynamo } = clientOf({
      Responses: [
        { TableName: 'jobs' },
        { TableName: 'jobs', Item: { jobId: { S: 'j1' } } },
        { Error: { Code: 'ConditionalCheckFailed', Message: 'no', Item: { version: { N: '3' } } } },
        { Error: { Code: 'ThrottlingError', Message: 'later' } },
      ],
    });
    const { Responses } = await dynamo.send(new BatchExecuteStatementCommand({ Statements: [] }));
    expect(Responses).toEqual([
      { TableName: 'jobs' },
      { TableName: 'jobs', Item: { jobId: 'j1' } },
      { Error: { Code: 'ConditionalCheckFailed', Message: 'no', Item: { version: 3 } } },
      { Error: { Code: 'ThrottlingError', Message: 'later' } },
    ]);
  });

  it('rejects an undefined value before it sends anything', async () => {
    const { dynamo, calls } = clientOf({});
    const Statements = [{ Statement: 'x', Parameters: [undefined] }];
    await expect(dynamo.send(new BatchExecuteStatementCommand({ Statements }))).rejects.toThrow('undefined');
    expect(calls).toEqual([]);
  });

  it('leaves everything else to lib-dynamodb', async () => {
    const answer = { statusCode: 200, headers: { 'content-type': 'application/x-amz-json-1.0' } };
    const body = JSON.stringify({ Item: { jobId: { S: 'j1' }, tries: { N: '2' } } });
    const documents = new DynamoDBClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestHandler: {
        handle: () => Promise.resolve({ response: { ...answer, body: Readable.from([body]) } }),
      } as never,
    });
    const statements = clientThatAnswers({});
    const dynamo = createDocumentClient(documents, statements.client);
    const { Item: item } = await dynamo.send(new GetCommand({ TableName: 'jobs', Key: { jobId: 'j1' } }));
    expect(item).toEqual({ jobId: 'j1', tries: 2 });
    expect(statements.calls).toEqual([]);
  });
});
