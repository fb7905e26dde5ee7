import { readFileSync } from 'node:fs';
import { ListTargetsByRuleCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import { startHookedLocalStack, TABLE_WITHOUT_KEY } from '../support/hooked-localstack.js';

const STAGE = 'hook-test';
const DAY_SECONDS = 86_400;
const TEMPLATE = readFileSync(new URL('../../infrastructure/template.yaml', import.meta.url), 'utf8');
const BROKEN_TEMPLATE = '/tmp/broken.yaml';
const OTHER_KEY_TEMPLATE = '/tmp/other-key.yaml';
const OTHER_POLICY_TEMPLATE = '/tmp/other-policy.yaml';

const arnOf = (queue: string) => `arn:aws:sqs:us-east-1:000000000000:${queue}`;

describe('the LocalStack hook', () => {
  let hooked: Awaited<ReturnType<typeof startHookedLocalStack>>;
  const names = resourceNames(STAGE);
  const ruleArn = (rule: string) => `arn:aws:events:us-east-1:000000000000:rule/${names.bus}/${rule}`;

  beforeAll(async () => {
    hooked = await startHookedLocalStack(STAGE, {
      [BROKEN_TEMPLATE]: TABLE_WITHOUT_KEY,
      [OTHER_KEY_TEMPLATE]: TEMPLATE.replace(
        'AttributeName: createdAtId, KeyType: RANGE',
        'AttributeName: orderId, KeyType: RANGE',
      ),
      [OTHER_POLICY_TEMPLATE]: TEMPLATE.replace('[dynamodb:PartiQLUpdate, dynamodb:GetItem]', '[dynamodb:GetItem]'),
    });
  }, 120_000);

  afterAll(() => hooked.dispose(), 60_000);

  it('creates the tables with their indexes', async () => {
    expect(await hooked.tableShape(names.ordersTable)).toEqual({
      key: ['orderId'],
      billing: 'PAY_PER_REQUEST',
      indexes: {
        outbox: ['outboxShard', 'outboxAt'],
        'by-customer': ['customerId', 'createdAtId'],
        'by-time': ['listBucket', 'createdAtId'],
      },
      projections: new Set(['KEYS_ONLY']),
    });
    expect(await hooked.tableShape(names.notificationsTable)).toEqual({
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
      const { RedrivePolicy: redrive, Policy: policy, ...attributes } = await hooked.attributesOf(queue);
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
          { Sid: 'TlsOnly', Effect: 'Deny' },
        ],
      });

      const { RedriveAllowPolicy: allowed, ...deadLetter } = await hooked.attributesOf(deadLetterQueue);
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
    const { Targets: targets } = await hooked.events.send(
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
    const { FailedEntryCount: failed } = await hooked.events.send(
      new PutEventsCommand({
        Entries: sent.map(([Source, DetailType]) => ({ Source, DetailType, Detail: '{}', EventBusName: names.bus })),
      }),
    );
    expect(failed).toBe(0);
    expect(await hooked.receive(names.notificationQueue, 4)).toEqual([
      'orderflow.api-gateway NotificationRequested',
      'orderflow.api-gateway OrderFailed',
      'orderflow.notification-worker NotificationRequested',
      'orderflow.order-worker OrderCompleted',
    ]);
    expect(await hooked.receive(names.orderQueue, 1)).toEqual(['orderflow.api-gateway OrderCreated']);
  });

  it('changes nothing when it runs again', async () => {
    const { exitCode, output } = await hooked.runHook();
    expect(output).toContain(`stack orderflow-${STAGE} is up to date`);
    expect(exitCode).toBe(0);
  });

  it('applies a changed parameter to an existing stack', async () => {
    const { exitCode, output } = await hooked.runHook({ VISIBILITY_TIMEOUT_SECONDS: '7' });
    expect(output).toContain('UPDATE_COMPLETE');
    expect(exitCode).toBe(0);
    expect(await hooked.attributesOf(names.orderQueue)).toMatchObject({ VisibilityTimeout: '7' });
    expect(await hooked.attributesOf(names.notificationQueue)).toMatchObject({ VisibilityTimeout: '7' });
  });

  it('changes a policy, which LocalStack would only pretend to do', async () => {
    const policy = `${STAGE}-order-worker-us-east-1`;
    expect(await hooked.runHook({ TEMPLATE: OTHER_POLICY_TEMPLATE })).toMatchObject({ exitCode: 0 });
    expect(await hooked.firstActionsOf(policy)).toEqual(['dynamodb:GetItem']);
    expect(await hooked.runHook()).toMatchObject({ exitCode: 0 });
    expect(await hooked.firstActionsOf(policy)).toEqual(['dynamodb:PartiQLUpdate', 'dynamodb:GetItem']);
  });

  it('refuses a change that LocalStack would only pretend to make', async () => {
    const { exitCode, output } = await hooked.runHook({ TEMPLATE: OTHER_KEY_TEMPLATE });
    expect(output).toContain('OrdersTable (AWS::DynamoDB::Table): Modify');
    expect(exitCode).toBe(1);
  });

  it('names the variable of an invalid parameter', async () => {
    const { exitCode, output } = await hooked.runHook({ VISIBILITY_TIMEOUT_SECONDS: 'abc' });
    expect(output).toContain(
      'The parameter VisibilityTimeoutSeconds comes from the variable VISIBILITY_TIMEOUT_SECONDS.',
    );
    expect(exitCode).toBe(1);
  });

  it('removes a rule from an existing stack, and creates it again', async () => {
    expect(await hooked.runHook({ NOTIFY_ON_ORDER_OUTCOME: 'false' })).toMatchObject({ exitCode: 0 });
    const { orderCreatedRule, notificationRequestedRule, orderOutcomesRule } = names;
    expect(await hooked.rulesOf(STAGE)).toEqual([notificationRequestedRule, orderCreatedRule]);
    expect(await hooked.runHook()).toMatchObject({ exitCode: 0 });
    expect(await hooked.rulesOf(STAGE)).toEqual([notificationRequestedRule, orderCreatedRule, orderOutcomesRule]);
  });

  it('omits the rule for outcomes if they cause no notifications', async () => {
    const stage = 'hook-quiet';
    expect(await hooked.runHook({ STAGE: stage, NOTIFY_ON_ORDER_OUTCOME: 'false' })).toMatchObject({ exitCode: 0 });
    const { orderCreatedRule, notificationRequestedRule } = resourceNames(stage);
    expect(await hooked.rulesOf(stage)).toEqual([notificationRequestedRule, orderCreatedRule]);
  });

  it('reports the failed resource with the reason, and replaces what the failed attempt left', async () => {
    const environment = { STAGE: 'hook-retry' };
    const failed = await hooked.runHook({ ...environment, TEMPLATE: BROKEN_TEMPLATE });
    expect(failed.output).toMatch(/BrokenTable \(AWS::DynamoDB::Table\): .*exactly one hash key/);
    expect(failed.exitCode).toBe(1);

    const repaired = await hooked.runHook(environment);
    expect(repaired.output).toContain('is left over from a failed attempt (CREATE_FAILED)');
    expect(repaired.output).toContain('CREATE_COMPLETE');
    expect(repaired.exitCode).toBe(0);
  });
});
