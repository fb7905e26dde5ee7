import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  GetCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { wireBytes, wireTime } from '@orderflow/platform/aws/fast-path/fast-path';

export type Client = keyof Omit<AwsClients, 'close'>;
export type Command = { constructor: { name: string } };

const TEXT = '"\\/ä\u2028😀\u0007\n';
const KEY = { jobId: 'j1' };
const ITEM = {
  jobId: { S: TEXT },
  tries: { N: '-12.5' },
  tags: { L: [{ M: { a: { BOOL: false } } }, { NULL: true }] },
};
const QUEUE = { QueueUrl: 'http://127.0.0.1/000000000000/jobs' };
const ENTRY = { Source: 'jobs', DetailType: 'Made', Detail: JSON.stringify({ text: TEXT }), EventBusName: 'bus' };
const STRING = { DataType: 'String', StringValue: TEXT };
const ATTRIBUTES = { text: STRING, bytes: { DataType: 'Binary', BinaryValue: wireBytes('AAH/') } };
const MESSAGE = {
  ...{ MessageId: 'm1', ReceiptHandle: 'h1', Body: TEXT, Attributes: { SentTimestamp: '1800000000123' } },
  MessageAttributes: { text: STRING, bytes: { DataType: 'Binary', BinaryValue: 'AAH/' } },
};
const STATEMENTS = [
  {
    Statement: `INSERT INTO "jobs" VALUE {'jobId': ?, 'tags': ?}`,
    Parameters: [TEXT, [{ a: 1.5, b: null }, true, []]],
  },
  { Statement: 'SELECT 1', ConsistentRead: true, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const },
];
const REFUSED = { Error: { Code: 'ConditionalCheckFailed', Message: TEXT, Item: ITEM } };
const EVENTS = [0, 1_800_000_000_000, 1_800_000_000_123].map((ms) => ({ Time: wireTime(ms), ...ENTRY }));

/**
 * Every SDK command in use: the client that sends it, and a response. Inputs list their members in the order of the SDK's
 * schemas, so that request bodies can be compared byte for byte.
 */
export const COMMANDS_IN_USE: readonly [Client, Command, response: object][] = [
  [
    'dynamo',
    new BatchExecuteStatementCommand({ Statements: STATEMENTS, ReturnConsumedCapacity: 'TOTAL' }),
    { Responses: [{ TableName: 'jobs', Item: ITEM }, { TableName: 'jobs' }, REFUSED, { Error: { Code: 'x' } }] },
  ],
  ['dynamo', new GetCommand({ TableName: 'jobs', Key: KEY, ConsistentRead: true }), { Item: ITEM }],
  ['dynamo', new BatchGetCommand({ RequestItems: { jobs: { Keys: [KEY] } } }), { Responses: { jobs: [ITEM] } }],
  ['dynamo', new ScanCommand({ TableName: 'jobs' }), { Items: [ITEM], LastEvaluatedKey: { jobId: { S: 'j' } } }],
  [
    'dynamo',
    new QueryCommand({
      ...{ TableName: 'jobs', IndexName: 'outbox', Limit: 5, KeyConditionExpression: '#shard = :shard' },
      ...{ ExpressionAttributeNames: { '#shard': 'shard' }, ExpressionAttributeValues: { ':shard': 3 } },
    }),
    { Items: [ITEM], Count: 1 },
  ],
  [
    'eventBridge',
    new PutEventsCommand({ Entries: EVENTS }),
    { FailedEntryCount: 1, Entries: [{ EventId: 'e1' }, { ErrorCode: 'ThrottlingException', ErrorMessage: TEXT }] },
  ],
  ['eventBridge', new DescribeEventBusCommand({ Name: 'jobs' }), { Name: 'jobs', Arn: 'arn' }],
  ['eventBridge', new DescribeRuleCommand({ Name: 'made', EventBusName: 'jobs' }), { Name: 'made', State: 'ENABLED' }],
  [
    'eventBridge',
    new ListTargetsByRuleCommand({ Rule: 'made', EventBusName: 'jobs' }),
    { Targets: [{ Id: 't1', Arn: 'arn' }], NextToken: 'next' },
  ],
  [
    'polling',
    new ReceiveMessageCommand({
      ...QUEUE,
      MessageAttributeNames: ['All'],
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
    }),
    { Messages: [MESSAGE] },
  ],
  ['sqs', new GetQueueUrlCommand({ QueueName: 'jobs' }), QUEUE],
  ['sqs', new GetQueueAttributesCommand({ ...QUEUE, AttributeNames: ['All'] }), { Attributes: { DelaySeconds: '0' } }],
  ['sqs', new SendMessageCommand({ ...QUEUE, MessageBody: TEXT, MessageAttributes: ATTRIBUTES }), { MessageId: 'm1' }],
  ['sqs', new ChangeMessageVisibilityCommand({ ...QUEUE, ReceiptHandle: 'h', VisibilityTimeout: 0 }), {}],
  [
    'sqs',
    new ChangeMessageVisibilityBatchCommand({
      ...QUEUE,
      Entries: [{ Id: '0', ReceiptHandle: 'h', VisibilityTimeout: 9 }],
    }),
    { Successful: [{ Id: '0' }], Failed: [] },
  ],
  [
    'sqs',
    new DeleteMessageBatchCommand({ ...QUEUE, Entries: [{ Id: '0', ReceiptHandle: 'h' }] }),
    { Successful: [], Failed: [{ Id: '0', SenderFault: true, Code: 'x', Message: TEXT }] },
  ],
];

/** Failed calls: the response body and the status code. */
export const FAILURES: readonly [body: string, status: number][] = [
  ['{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"not a statement"}', 400],
  ['{"__type":"com.amazonaws.dynamodb.v20120810#NeverHeardOfException","Message":"what is this"}', 400],
  [JSON.stringify({ __type: 'x#ConditionalCheckFailedException', message: 'no', Item: ITEM }), 400],
  ['{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"}', 400],
  ['{"__type":"ResourceNotFoundException","message":"no bus"}', 400],
  ['{"__type":"InternalServerError","message":"later"}', 500],
  ['<html>bad gateway</html>', 502],
  ['<html>not JSON</html>', 200],
];
