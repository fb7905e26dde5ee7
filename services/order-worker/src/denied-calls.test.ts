import { describe, expect, it } from '@jest/globals';
import { accessDenied } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { fails } from '@orderflow/testing/order-worker/retries';
import { createOrderSystem, NAMES, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';

const POLICY = 'test-order-worker-us-east-1';
const MISSING = 'a permission is missing';

type Case = [action: string, resource: string, deny: (system: OrderSystem) => void];

const FOREVER = 10_000;
const CASES: Case[] = [
  [
    'sqs:GetQueueUrl',
    NAMES.orderQueue,
    ({ aws }) => {
      aws.sqs.failAlways('GetQueueUrl', accessDenied);
    },
  ],
  [
    'sqs:GetQueueAttributes',
    NAMES.orderQueue,
    ({ aws }) => {
      aws.sqs.failAlways('GetQueueAttributes', accessDenied);
    },
  ],
  [
    'sqs:ReceiveMessage',
    NAMES.orderQueue,
    ({ aws }) => {
      aws.sqs.failAlways('ReceiveMessage', accessDenied);
    },
  ],
  [
    'sqs:DeleteMessage',
    NAMES.orderQueue,
    ({ aws }) => {
      aws.sqs.failAlways('DeleteMessageBatch', accessDenied);
    },
  ],
  [
    'sqs:ChangeMessageVisibility',
    NAMES.orderQueue,
    (system) => {
      fails(1, system);
      system.aws.sqs.failAlways('ChangeMessageVisibility', accessDenied);
    },
  ],
  [
    'dynamodb:GetItem',
    NAMES.ordersTable,
    ({ aws }) => {
      aws.dynamo.failAlways('Get', accessDenied);
    },
  ],
  [
    'dynamodb:PartiQLUpdate',
    NAMES.ordersTable,
    ({ aws }) => {
      aws.dynamo.failAlways('BatchExecuteStatement', accessDenied);
    },
  ],
  [
    'dynamodb:PartiQLUpdate',
    NAMES.ordersTable,
    ({ aws }) => {
      aws.dynamo.rejectEntriesNext('BatchExecuteStatement', 'AccessDenied', FOREVER);
    },
  ],
  [
    'events:PutEvents',
    NAMES.bus,
    ({ aws }) => {
      aws.eventBridge.failAlways('PutEvents', accessDenied);
    },
  ],
  [
    'events:PutEvents',
    NAMES.bus,
    ({ aws }) => {
      aws.eventBridge.rejectEntriesNext('PutEvents', 'NotAuthorizedForSourceException', FOREVER);
    },
  ],
];

function healAll({ aws }: OrderSystem): void {
  for (const client of [aws.dynamo, aws.sqs, aws.eventBridge]) client.heal();
}

async function reasonsOf({ worker }: OrderSystem): Promise<string[]> {
  const { checks } = await worker.readiness();
  return Object.values(checks).flatMap((check) => (check.status === 'down' ? [check.reason] : []));
}

describe('a worker that may not', () => {
  it.each(CASES)(
    'call %s on %s names it, waits, and completes the order once it may',
    async (action, resource, deny) => {
      const system = createOrderSystem({ MAX_RECEIVES: '2' });
      const { orderId, message } = anOrder(system);
      deny(system);
      const missing = system.log.next(MISSING);
      system.worker.start();
      system.send(message);
      const { level, fields } = await missing;
      expect({ level, ...fields }).toMatchObject({ level: 'error', action, resource, policy: POLICY });
      expect(await reasonsOf(system)).toContain(`not allowed: ${action} on ${resource} (policy ${POLICY})`);
      expect(['PENDING', 'PROCESSING', 'COMPLETED']).toContain(system.order(orderId)?.status);
      expect(system.worker.isLive()).toBe(true);

      healAll(system);
      // Only a failed attempt waits for its redelivery.
      if ((await system.outcomes.next()) === 'retry') system.pass(60);
      await eventually(() => system.queued().length === 0);
      expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
      expect(system.deadLetters()).toEqual([]);
      const lines = system.log.lines.filter(
        ({ message: text, fields: { action: one } }) => text === MISSING && one === action,
      );
      // Some calls are made for two queues.
      expect(lines).toHaveLength(new Set(lines.map((line) => line.fields.resource)).size);
    },
  );

  it.each(['DescribeEventBus', 'DescribeRule', 'ListTargetsByRule'] as const)(
    '%s works, and readiness names it',
    async (operation) => {
      const system = createOrderSystem();
      system.aws.eventBridge.failAlways(operation, accessDenied);
      system.worker.start();
      system.send(anOrder(system).message);
      expect(await system.outcomes.next()).toBe('processed');
      const reasons = await reasonsOf(system);
      expect(reasons).toEqual([
        expect.stringMatching(`^not allowed: events:${operation} on .* \\(policy ${POLICY}\\)$`),
      ]);
    },
  );

  it('dead-letter a poison message goes on with other messages, and dead-letters it once it may', async () => {
    const system = createOrderSystem();
    system.aws.sqs.failAlways('SendMessage', accessDenied);
    const missing = system.log.next(MISSING);
    system.worker.start();
    system.send('not JSON');
    expect((await missing).fields).toMatchObject({ action: 'sqs:SendMessage', resource: NAMES.orderDeadLetterQueue });
    const { orderId, message } = anOrder(system);
    system.send(message);
    await eventually(() => system.order(orderId)?.status === 'COMPLETED');
    expect(system.deadLetters()).toEqual([]);
    healAll(system);
    await system.untilEmpty();
    expect(system.deadLetters()).toMatchObject([{ code: 'NOT_JSON' }]);
  });
});
