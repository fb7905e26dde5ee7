import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { BatchExecuteStatementCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { connectionRefused, timedOut } from '@orderflow/testing/aws/aws-errors';
import { valueOf } from '@orderflow/testing/samples';
import { measureCalls } from './aws-calls.js';
import { createMetrics } from './metrics.js';

type Answer = { status?: number; type?: string; body: object } | (() => Error);

/** The SDK's clients with a list of answers. */
function createClients(...answers: Answer[]) {
  const metrics = createMetrics('test');
  const measure = measureCalls(metrics);
  const requestHandler = {
    handle: () => {
      const answer = answers.shift();
      if (!answer) throw new Error('nothing is planned for this request');
      if (typeof answer === 'function') return Promise.reject(answer());
      const { status = 200, type, body } = answer;
      const headers = { 'content-type': 'application/json', ...(type ? { 'x-amzn-errortype': type } : {}) };
      const statusCode = status;
      return Promise.resolve({ response: { statusCode, headers, body: Buffer.from(JSON.stringify(body)) } });
    },
  };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const config = { region: 'us-east-1', endpoint: 'http://127.0.0.1:1', credentials, maxAttempts: 2, requestHandler };
  const dynamoClient = new DynamoDBClient(config);
  const eventBridge = new EventBridgeClient(config);
  const sqs = new SQSClient({ ...config, md5: false } as never);
  const options = { step: 'initialize', name: 'measureCalls' } as const;
  dynamoClient.middlewareStack.add(measure('DynamoDB'), options);
  eventBridge.middlewareStack.add(measure('EventBridge'), options);
  sqs.middlewareStack.add(measure('SQS'), options);
  const value = async (name: string, labels: Record<string, string>) =>
    valueOf((await metrics.scrape()).text, name, labels);
  return { dynamo: DynamoDBDocumentClient.from(dynamoClient), eventBridge, sqs, value };
}

const statements = (count: number) =>
  new BatchExecuteStatementCommand({
    Statements: Array.from({ length: count }, () => ({ Statement: 'UPDATE "t" SET a = ?', Parameters: [1] })),
  });
const events = (count: number) =>
  new PutEventsCommand({ Entries: Array.from({ length: count }, () => ({ Source: 's', DetailType: 't' })) });
const receive = new ReceiveMessageCommand({ QueueUrl: 'http://127.0.0.1:1/0/queue' });

const DYNAMO = { service: 'DynamoDB', operation: 'BatchExecuteStatement' };

describe('a call to AWS', () => {
  it('is counted and timed by service and operation', async () => {
    const { dynamo, value } = createClients({ body: { Responses: [{}] } });
    await dynamo.send(statements(1));
    expect(await value('aws_requests_total', { ...DYNAMO, result: 'ok' })).toBe(1);
    expect(await value('aws_request_duration_seconds_count', DYNAMO)).toBe(1);
    expect(await value('aws_retries_total', DYNAMO)).toBeUndefined();
  });

  it('counts once, however many tries it took', async () => {
    const { dynamo, value } = createClients(
      { status: 500, type: 'InternalServerError', body: {} },
      { body: { Responses: [{}] } },
    );
    await dynamo.send(statements(1));
    expect(await value('aws_requests_total', { ...DYNAMO, result: 'ok' })).toBe(1);
    expect(await value('aws_retries_total', DYNAMO)).toBe(1);
    expect(await value('aws_request_duration_seconds_count', DYNAMO)).toBe(1);
  });

  it.each<[string, Answer]>([
    ['throttled', { status: 400, type: 'ThrottlingException', body: {} }],
    ['timeout', timedOut],
    ['missing', { status: 400, type: 'ResourceNotFoundException', body: {} }],
    ['unavailable', { status: 503, type: 'ServiceUnavailable', body: {} }],
    ['unavailable', connectionRefused],
    ['refused', { status: 400, type: 'ValidationException', body: {} }],
  ])('that fails counts as %s', async (result, answer) => {
    const { dynamo, value } = createClients(answer, answer);
    await expect(dynamo.send(statements(1))).rejects.toThrow();
    expect(await value('aws_requests_total', { ...DYNAMO, result })).toBe(1);
    expect(await value('aws_request_duration_seconds_count', DYNAMO)).toBe(1);
  });

  it('counts as partial when some entries failed', async () => {
    const { eventBridge, sqs, value } = createClients(
      { body: { FailedEntryCount: 1, Entries: [{ EventId: 'e' }, { ErrorCode: 'InternalFailure' }] } },
      { body: { Successful: [], Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] } },
    );
    await eventBridge.send(events(2));
    await sqs.send(
      new DeleteMessageBatchCommand({ QueueUrl: 'http://127.0.0.1:1/0/q', Entries: [{ Id: '0', ReceiptHandle: 'r' }] }),
    );
    expect(await value('aws_requests_total', { operation: 'PutEvents', result: 'partial' })).toBe(1);
    expect(await value('aws_requests_total', { operation: 'DeleteMessageBatch', result: 'partial' })).toBe(1);
  });
});

it('the batch size counts entries, and for a receive the returned messages', async () => {
  const { dynamo, eventBridge, sqs, value } = createClients(
    { body: { Responses: [{}, {}, {}] } },
    { body: { FailedEntryCount: 0, Entries: [] } },
    { body: {} },
    { body: { Messages: [{ MessageId: '1' }, { MessageId: '2' }] } },
  );
  await dynamo.send(statements(3));
  await eventBridge.send(events(7));
  await sqs.send(receive);
  await sqs.send(receive);
  expect(await value('batch_size_sum', { operation: 'BatchExecuteStatement' })).toBe(3);
  expect(await value('batch_size_sum', { operation: 'PutEvents' })).toBe(7);
  expect(await value('batch_size_bucket', { operation: 'ReceiveMessage', le: '0' })).toBe(1);
  expect(await value('batch_size_sum', { operation: 'ReceiveMessage' })).toBe(2);
});
