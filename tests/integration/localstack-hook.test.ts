import { readFileSync } from 'node:fs';
import { DescribeTableCommand, DynamoDBClient, type KeySchemaElement } from '@aws-sdk/client-dynamodb';
import {
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import { startLocalStack, type LocalStack } from '../support/localstack.js';
import { waitFor } from '../support/wait-for.js';

const STAGE = 'hook-test';
const DAY_SECONDS = 86_400;
const TEMPLATE = readFileSync(new URL('../../infrastructure/template.yaml', import.meta.url), 'utf8');
const BROKEN_TEMPLATE = '/tmp/broken.yaml';
const OTHER_KEY_TEMPLATE = '/tmp/other-key.yaml';
/** LocalStack itself skips this type and reports success. */
const MISSPELT_TYPE = 'Resources: { Misspelt: { Type: AWS::DynamoDB::Tabel } }';
/** Well-formed, but DynamoDB refuses the table. */
const TABLE_WITHOUT_KEY = `
Parameters: { Stage: { Type: String, Default: local } }
Resources:
  BrokenTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub \${Stage}-broken
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: RANGE }]
`;

const keysOf = (schema: KeySchemaElement[] | undefined) => schema?.map(({ AttributeName }) => AttributeName);
const arnOf = (queue: string) => `arn:aws:sqs:us-east-1:000000000000:${queue}`;

describe('the LocalStack hook', () => {
  let localstack: LocalStack;
  let dynamo: DynamoDBClient;
  let events: EventBridgeClient;
  let sqs: SQSClient;
  const names = resourceNames(STAGE);
  const ruleArn = (rule: string) => `arn:aws:events:us-east-1:000000000000:rule/${names.bus}/${rule}`;

  beforeAll(async () => {
    const files = {
      [BROKEN_TEMPLATE]: TABLE_WITHOUT_KEY,
      [OTHER_KEY_TEMPLATE]: TEMPLATE.replace(
        'AttributeName: createdAtId, KeyType: RANGE',
        'AttributeName: orderId, KeyType: RANGE',
      ),
    };
    localstack = await startLocalStack({ environment: { STAGE }, files });
    dynamo = new DynamoDBClient(localstack.aws);
    events = new EventBridgeClient(localstack.aws);
    sqs = new SQSClient(localstack.aws);
  }, 120_000);

  afterAll(async () => {
    for (const client of [dynamo, events, sqs]) client.destroy();
    await localstack.dispose();
  }, 60_000);

  async function urlOf(queue: string): Promise<string> {
    const { QueueUrl: url } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
    return url!;
  }

  async function attributesOf(queue: string) {
    const { Attributes: attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await urlOf(queue), AttributeNames: ['All'] }),
    );
    return attributes;
  }

  async function tableShape(table: string) {
    const { Table: shape } = await dynamo.send(new DescribeTableCommand({ TableName: table }));
    return {
      key: keysOf(shape?.KeySchema),
      billing: shape?.BillingModeSummary?.BillingMode,
      indexes: Object.fromEntries(
        shape?.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema }) => [IndexName!, keysOf(KeySchema)]) ?? [],
      ),
      projections: new Set(shape?.GlobalSecondaryIndexes?.map(({ Projection }) => Projection?.ProjectionType)),
    };
  }

  async function rulesOf(stage: string) {
    const { Rules: rules = [] } = await events.send(new ListRulesCommand({ EventBusName: resourceNames(stage).bus }));
    return rules.map(({ Name }) => Name).sort();
  }

  /** Source and type of the next `count` events in a queue. */
  async function receive(queue: string, count: number): Promise<string[]> {
    const QueueUrl = await urlOf(queue);
    const received: string[] = [];
    return waitFor(`${count} messages in ${queue}`, async () => {
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      for (const { Body: body, ReceiptHandle } of messages) {
        const event = JSON.parse(body!) as { source: string; 'detail-type': string };
        received.push(`${event.source} ${event['detail-type']}`);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return received.length >= count ? received.sort() : undefined;
    });
  }

  it('creates the tables with their indexes', async () => {
    expect(await tableShape(names.ordersTable)).toEqual({
      key: ['orderId'],
      billing: 'PAY_PER_REQUEST',
      indexes: {
        outbox: ['outboxShard', 'outboxAt'],
        'by-customer': ['customerId', 'createdAtId'],
        'by-time': ['listBucket', 'createdAtId'],
      },
      projections: new Set(['KEYS_ONLY']),
    });
    expect(await tableShape(names.notificationsTable)).toEqual({
      key: ['notificationId'],
      billing: 'PAY_PER_REQUEST',
      indexes: { outbox: ['outboxShard', 'outboxAt'], 'by-order': ['orderId', 'createdAtId'] },
      projections: new Set(['KEYS_ONLY']),
    });
  });

  it.each([
    [names.orderQueue, names.orderDeadLetterQueue, [names.orderCreatedRule]],
    [
      names.notificationQueue,
      names.notificationDeadLetterQueue,
      [names.notificationRequestedRule, names.orderOutcomesRule],
    ],
  ])(
    'creates %s with its dead-letter queue, and lets only its rules send to it',
    async (queue, deadLetterQueue, rules) => {
      const { RedrivePolicy: redrive, Policy: policy, ...attributes } = await attributesOf(queue);
      expect(attributes).toMatchObject({ SqsManagedSseEnabled: 'true', VisibilityTimeout: '30' });
      expect(JSON.parse(redrive!)).toEqual({ deadLetterTargetArn: arnOf(deadLetterQueue), maxReceiveCount: 20 });
      expect(JSON.parse(policy!)).toMatchObject({
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arnOf(queue),
            Condition: { ArnEquals: { 'aws:SourceArn': rules.map(ruleArn) } },
          },
        ],
      });

      const { RedriveAllowPolicy: allowed, ...deadLetter } = await attributesOf(deadLetterQueue);
      expect(deadLetter).toMatchObject({
        SqsManagedSseEnabled: 'true',
        MessageRetentionPeriod: String(14 * DAY_SECONDS),
      });
      expect(JSON.parse(allowed!)).toEqual({ redrivePermission: 'byQueue', sourceQueueArns: [arnOf(queue)] });
    },
  );

  it.each([
    [names.orderCreatedRule, names.orderQueue],
    [names.notificationRequestedRule, names.notificationQueue],
    [names.orderOutcomesRule, names.notificationQueue],
  ])('creates %s with the target %s and with the undelivered queue for failed deliveries', async (rule, queue) => {
    const { Targets: targets } = await events.send(
      new ListTargetsByRuleCommand({ EventBusName: names.bus, Rule: rule }),
    );
    expect(targets).toMatchObject([{ Arn: arnOf(queue), DeadLetterConfig: { Arn: arnOf(names.undeliveredQueue) } }]);
  });

  it('makes the bus deliver events by type, from our services only', async () => {
    const sent = [
      ['orderflow.api-gateway', 'OrderCreated'],
      ['orderflow.order-worker', 'OrderCreated'],
      ['orderflow.api-gateway', 'NotificationRequested'],
      ['orderflow.notification-worker', 'NotificationRequested'],
      ['orderflow.api-gateway', 'OrderFailed'],
      ['orderflow.order-worker', 'OrderCompleted'],
      ['orderflow.notification-worker', 'NotificationSent'],
      ['somebody.else', 'OrderCompleted'],
    ];
    const { FailedEntryCount: failed } = await events.send(
      new PutEventsCommand({
        Entries: sent.map(([Source, DetailType]) => ({ Source, DetailType, Detail: '{}', EventBusName: names.bus })),
      }),
    );
    expect(failed).toBe(0);
    expect(await receive(names.notificationQueue, 4)).toEqual([
      'orderflow.api-gateway NotificationRequested',
      'orderflow.api-gateway OrderFailed',
      'orderflow.notification-worker NotificationRequested',
      'orderflow.order-worker OrderCompleted',
    ]);
    expect(await receive(names.orderQueue, 1)).toEqual(['orderflow.api-gateway OrderCreated']);
  });

  it('changes nothing when it runs again', async () => {
    const { exitCode, output } = await localstack.runHook();
    expect(output).toContain(`stack orderflow-${STAGE} is up to date`);
    expect(exitCode).toBe(0);
  });

  it('applies a changed parameter to an existing stack', async () => {
    const { exitCode, output } = await localstack.runHook({ VISIBILITY_TIMEOUT_SECONDS: '7' });
    expect(output).toContain('UPDATE_COMPLETE');
    expect(exitCode).toBe(0);
    expect(await attributesOf(names.orderQueue)).toMatchObject({ VisibilityTimeout: '7' });
    expect(await attributesOf(names.notificationQueue)).toMatchObject({ VisibilityTimeout: '7' });
  });

  it('refuses a change that LocalStack would only pretend to make', async () => {
    const { exitCode, output } = await localstack.runHook({ TEMPLATE: OTHER_KEY_TEMPLATE });
    expect(output).toContain('OrdersTable (AWS::DynamoDB::Table): Modify');
    expect(exitCode).toBe(1);
  });

  it('names the variable of an invalid parameter', async () => {
    const { exitCode, output } = await localstack.runHook({ VISIBILITY_TIMEOUT_SECONDS: 'abc' });
    expect(output).toContain(
      'The parameter VisibilityTimeoutSeconds is what the variable VISIBILITY_TIMEOUT_SECONDS says.',
    );
    expect(exitCode).toBe(1);
  });

  it('removes a rule from an existing stack, and creates it again', async () => {
    expect(await localstack.runHook({ NOTIFY_ON_ORDER_OUTCOME: 'false' })).toMatchObject({ exitCode: 0 });
    const { orderCreatedRule, notificationRequestedRule, orderOutcomesRule } = names;
    expect(await rulesOf(STAGE)).toEqual([notificationRequestedRule, orderCreatedRule]);
    expect(await localstack.runHook()).toMatchObject({ exitCode: 0 });
    expect(await rulesOf(STAGE)).toEqual([notificationRequestedRule, orderCreatedRule, orderOutcomesRule]);
  });

  it('omits the rule for outcomes if they cause no notifications', async () => {
    const stage = 'hook-quiet';
    expect(await localstack.runHook({ STAGE: stage, NOTIFY_ON_ORDER_OUTCOME: 'false' })).toMatchObject({ exitCode: 0 });
    const { orderCreatedRule, notificationRequestedRule } = resourceNames(stage);
    expect(await rulesOf(stage)).toEqual([notificationRequestedRule, orderCreatedRule]);
  });

  it('reports the failed resource with the reason, and replaces what the failed attempt left', async () => {
    const environment = { STAGE: 'hook-retry' };
    const failed = await localstack.runHook({ ...environment, TEMPLATE: BROKEN_TEMPLATE });
    expect(failed.output).toMatch(/BrokenTable \(AWS::DynamoDB::Table\): .*exactly one hash key/);
    expect(failed.exitCode).toBe(1);

    const repaired = await localstack.runHook(environment);
    expect(repaired.output).toContain('is left over from a failed attempt (CREATE_FAILED)');
    expect(repaired.output).toContain('CREATE_COMPLETE');
    expect(repaired.exitCode).toBe(0);
  });

  it.each([
    ['a template that fails', { [BROKEN_TEMPLATE]: TABLE_WITHOUT_KEY }, /BrokenTable .*exactly one hash key/],
    ['a resource type that nobody knows', { [BROKEN_TEMPLATE]: MISSPELT_TYPE }, /Misspelt \(AWS::DynamoDB::Tabel\)/],
    ['a template that is not there', {}, /the template cannot be read: .*broken\.yaml/],
  ])(
    'stops LocalStack, with the reason in its log, for %s',
    async (_, files: Record<string, string>, reason) => {
      const startedAt = performance.now();
      await expect(startLocalStack({ environment: { TEMPLATE: BROKEN_TEMPLATE }, files })).rejects.toThrow(reason);
      expect(performance.now() - startedAt).toBeLessThan(60_000);
    },
    120_000,
  );
});
