import { describe, expect, it } from '@jest/globals';
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
import { COMMANDS_IN_USE } from '@orderflow/testing/aws/commands-in-use';
import { actionsOf, type ActionPrefix, type Command } from './aws-actions.js';

const QUEUE = { QueueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/a-queue' };
const HANDLE = { ReceiptHandle: 'h', VisibilityTimeout: 1 };
const RULE = { EventBusName: 'a-bus', Name: 'a-rule', Rule: 'a-rule' };

const CASES: [ActionPrefix, Command, ...string[]][] = [
  ['dynamodb', new GetCommand({ TableName: 't', Key: {} }), 'dynamodb:GetItem on t'],
  ['dynamodb', new BatchGetCommand({ RequestItems: { t: { Keys: [] } } }), 'dynamodb:BatchGetItem on t'],
  ['dynamodb', new QueryCommand({ TableName: 't' }), 'dynamodb:Query on t'],
  ['dynamodb', new QueryCommand({ TableName: 't', IndexName: 'i' }), 'dynamodb:Query on index i of t'],
  ['dynamodb', new ScanCommand({ TableName: 't' }), 'dynamodb:Scan on t'],
  [
    'dynamodb',
    new BatchExecuteStatementCommand({
      Statements: [
        { Statement: `INSERT INTO "a" VALUE {'id': ?}` },
        { Statement: `UPDATE "b" SET "x" = ? WHERE "id" = ?` },
        { Statement: `DELETE FROM "c" WHERE "id" = ?` },
        { Statement: `SELECT "x" FROM "d"."i" WHERE "id" = ?` },
      ],
    }),
    ...['dynamodb:PartiQLInsert on a', 'dynamodb:PartiQLUpdate on b', 'dynamodb:PartiQLDelete on c'],
    'dynamodb:PartiQLSelect on index i of d',
  ],
  [
    'events',
    new PutEventsCommand({ Entries: [{ EventBusName: 'a-bus' }, { EventBusName: 'a-bus' }] }),
    ...['events:PutEvents on a-bus', 'events:PutEvents on a-bus'],
  ],
  ['events', new DescribeEventBusCommand({ Name: 'a-bus' }), 'events:DescribeEventBus on a-bus'],
  ['events', new DescribeRuleCommand(RULE), 'events:DescribeRule on a-rule'],
  ['events', new ListTargetsByRuleCommand(RULE), 'events:ListTargetsByRule on a-rule'],
  ['sqs', new GetQueueUrlCommand({ QueueName: 'a-queue' }), 'sqs:GetQueueUrl on a-queue'],
  ['sqs', new GetQueueAttributesCommand(QUEUE), 'sqs:GetQueueAttributes on a-queue'],
  ['sqs', new ReceiveMessageCommand(QUEUE), 'sqs:ReceiveMessage on a-queue'],
  ['sqs', new SendMessageCommand({ ...QUEUE, MessageBody: '' }), 'sqs:SendMessage on a-queue'],
  ['sqs', new DeleteMessageBatchCommand({ ...QUEUE, Entries: [] }), 'sqs:DeleteMessage on a-queue'],
  ['sqs', new ChangeMessageVisibilityCommand({ ...QUEUE, ...HANDLE }), 'sqs:ChangeMessageVisibility on a-queue'],
  ['sqs', new ChangeMessageVisibilityBatchCommand({ ...QUEUE, Entries: [] }), 'sqs:ChangeMessageVisibility on a-queue'],
];

describe('what a call asks for', () => {
  it.each(CASES)('%s %j is named as IAM names it', (prefix, command, ...expected) => {
    expect(actionsOf(prefix, command).map(({ action, resource }) => `${action} on ${resource}`)).toEqual(expected);
  });

  it('is known for every command in use', () => {
    const covered = new Set(CASES.map(([, command]) => command.constructor.name));
    expect(COMMANDS_IN_USE.map(([, command]) => command.constructor.name).filter((name) => !covered.has(name))).toEqual(
      [],
    );
  });
});
