import { describe, expect, it } from '@jest/globals';
import { requiredAccess, UnmappedError } from './required-access.js';

const QueueUrl = 'http://127.0.0.1:4566/000000000000/local-order-queue';
const ORDERS = 'arn:aws:dynamodb:us-east-1:000000000000:table/local-orders';
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:local-order-queue';
const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/local-orders';
const RULE = 'arn:aws:events:us-east-1:000000000000:rule/local-orders/local-order-created';

const needs = (call: string, body: object) =>
  requiredAccess(call, body as Record<string, unknown>).map(({ action, resource }) => `${action} ${resource}`);

describe('the permissions of a call', () => {
  it.each([
    ['DynamoDB GetItem', { TableName: 'local-orders' }, [`dynamodb:GetItem ${ORDERS}`]],
    ['DynamoDB GetItem', { TableName: ORDERS }, [`dynamodb:GetItem ${ORDERS}`]],
    ['DynamoDB Query', { TableName: 'local-orders' }, [`dynamodb:Query ${ORDERS}`]],
    ['DynamoDB Query', { TableName: 'local-orders', IndexName: 'outbox' }, [`dynamodb:Query ${ORDERS}/index/outbox`]],
    ['DynamoDB Scan', { TableName: 'local-orders' }, [`dynamodb:Scan ${ORDERS}`]],
    [
      'DynamoDB BatchGetItem',
      { RequestItems: { 'local-orders': {}, 'local-other': {} } },
      [`dynamodb:BatchGetItem ${ORDERS}`, `dynamodb:BatchGetItem ${ORDERS.replace('orders', 'other')}`],
    ],
    ['SQS GetQueueUrl', { QueueName: 'local-order-queue' }, [`sqs:GetQueueUrl ${QUEUE}`]],
    ['SQS ReceiveMessage', { QueueUrl }, [`sqs:ReceiveMessage ${QUEUE}`]],
    ['SQS DeleteMessageBatch', { QueueUrl, Entries: [{}, {}] }, [`sqs:DeleteMessage ${QUEUE}`]],
    ['SQS ChangeMessageVisibilityBatch', { QueueUrl }, [`sqs:ChangeMessageVisibility ${QUEUE}`]],
    ['SQS SendMessageBatch', { QueueUrl }, [`sqs:SendMessage ${QUEUE}`]],
    ['EventBridge DescribeEventBus', { Name: 'local-orders' }, [`events:DescribeEventBus ${BUS}`]],
    [
      'EventBridge DescribeRule',
      { EventBusName: 'local-orders', Name: 'local-order-created' },
      [`events:DescribeRule ${RULE}`],
    ],
    [
      'EventBridge ListTargetsByRule',
      { EventBusName: 'local-orders', Rule: 'local-order-created' },
      [`events:ListTargetsByRule ${RULE}`],
    ],
    [
      'EventBridge ListTargetsByRule',
      { Rule: 'local-order-created' },
      [`events:ListTargetsByRule ${RULE.replace('local-orders/', '')}`],
    ],
    [
      'CloudFormation DescribeStacks',
      { StackName: 'orderflow-local' },
      ['cloudformation:DescribeStacks arn:aws:cloudformation:us-east-1:000000000000:stack/orderflow-local/id'],
    ],
    [
      'ECS DescribeServices',
      { cluster: 'c', services: ['a', 'arn:aws:ecs:r:1:service/c/b'] },
      [
        'ecs:DescribeServices arn:aws:ecs:us-east-1:000000000000:service/c/a',
        'ecs:DescribeServices arn:aws:ecs:r:1:service/c/b',
      ],
    ],
    [
      'ECS DescribeTasks',
      { cluster: 'c', tasks: ['1'] },
      ['ecs:DescribeTasks arn:aws:ecs:us-east-1:000000000000:task/c/1'],
    ],
    ['ECS ListTasks', { cluster: 'c' }, ['ecs:ListTasks *']],
    ['ECS DescribeTaskDefinition', { taskDefinition: 't' }, ['ecs:DescribeTaskDefinition *']],
    ['EventBridge ListRules', { EventBusName: 'local-orders' }, ['events:ListRules *']],
  ])('%s of %j', (call, body, expected) => {
    expect(needs(call, body)).toEqual(expected);
  });

  it('BatchExecuteStatement: one per statement, in order', () => {
    const Statements = [
      `INSERT INTO "local-orders" VALUE {'orderId': ?}`,
      `UPDATE "local-orders" SET "status" = ? WHERE "orderId" = ?`,
      `select * from "local-orders"."outbox" WHERE "outboxShard" = ?`,
      `DELETE FROM "local-orders" WHERE "orderId" = ?`,
    ].map((Statement) => ({ Statement }));
    expect(needs('DynamoDB BatchExecuteStatement', { Statements })).toEqual([
      `dynamodb:PartiQLInsert ${ORDERS}`,
      `dynamodb:PartiQLUpdate ${ORDERS}`,
      `dynamodb:PartiQLSelect ${ORDERS}/index/outbox`,
      `dynamodb:PartiQLDelete ${ORDERS}`,
    ]);
  });

  it('PutEvents: one per entry, with its source and detail type', () => {
    const entry = { EventBusName: 'local-orders', Source: 'a', DetailType: 'T' };
    expect(requiredAccess('EventBridge PutEvents', { Entries: [entry, { ...entry, Source: 'b' }] })).toEqual(
      ['a', 'b'].map((source) => ({
        ...{ action: 'events:PutEvents', resource: BUS },
        context: { 'events:source': source, 'events:detail-type': 'T' },
      })),
    );
  });

  it.each([
    ['DynamoDB PutItem', { TableName: 'local-orders' }],
    ['DynamoDB constructor', {}],
    ['other undefined', {}],
    ['DynamoDB GetItem', {}],
    ['DynamoDB Query', { TableName: 'local-orders', IndexName: 7 }],
    ['DynamoDB BatchGetItem', { RequestItems: {} }],
    ['DynamoDB BatchExecuteStatement', { Statements: [] }],
    ['DynamoDB BatchExecuteStatement', { Statements: [{ Statement: 'EXISTS(SELECT * FROM "local-orders")' }] }],
    ['DynamoDB BatchExecuteStatement', { Statements: [{ Statement: 'UPDATE local-orders SET a = 1' }] }],
    ['DynamoDB ExecuteStatement', { Statement: `SELECT 'x FROM "other" ' FROM "local-orders"` }],
    ['SQS ReceiveMessage', {}],
    ['EventBridge PutEvents', { Entries: [{ EventBusName: 'local-orders', Source: 'a' }] }],
  ])('refuses to guess: %s of %j', (call, body) => {
    expect(() => needs(call, body)).toThrow(UnmappedError);
  });
});
