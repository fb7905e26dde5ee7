import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { OUTCOME_CONSUMERS, type OutcomeConsumers } from '@orderflow/domain/orders/orders-table';
import { audit } from '@orderflow/orderctl/audit/audit';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { status } from '@orderflow/orderctl/status/status';
import { completed, notificationOf, order, purge } from '../support/audit-items.js';
import { startEmulator } from '../support/embedded-system.js';
import { type Emulator } from '../support/emulator.js';
import { connectOperator, createTerminal } from '../support/operator.js';

const MINUTE_MS = 60_000;
/** Any queue without a worker serves as that of a second consumer. */
const SECOND = { rule: 'orderOutcomesRule', queue: 'undeliveredQueue' } as const;
const CONSUMERS = { ...OUTCOME_CONSUMERS, 'shipping-worker': SECOND };
const OVERDUE = { status: 'COMPLETED', version: 3, effects: 1, outboxAt: Date.now() - 2 * MINUTE_MS } as const;

describe('with a second consumer of outcomes', () => {
  let emulator: Emulator;
  let system: ConnectedSystem;
  let stages = 0;

  beforeAll(async () => {
    emulator = await startEmulator();
  }, 120_000);

  afterAll(async () => {
    system.aws.close();
    await emulator.dispose();
  });

  beforeEach(async () => {
    const stage = `consumers-${(stages += 1)}`;
    await emulator.deploy({ STAGE: stage });
    system = await connectOperator(emulator.url, stage);
  }, 30_000);

  /** The order, whose notification was sent. */
  async function store(record: OrderRecord): Promise<OrderRecord> {
    const { ordersTable, notificationsTable } = system.names;
    await system.aws.dynamo.send(new PutCommand({ TableName: ordersTable, Item: record }));
    await system.aws.dynamo.send(new PutCommand({ TableName: notificationsTable, Item: notificationOf(record) }));
    return record;
  }

  const run = (consumers: OutcomeConsumers = CONSUMERS) =>
    audit(system, { now: Date.now, pause: () => Promise.resolve() }, { recheckMs: MINUTE_MS, consumers });

  it('the audit finds an outcome that it never got and that has no marker', async () => {
    const { orderId } = await store(completed({ awaiting: 'shipping-worker' }));
    const report = await run();
    expect(report.findings).toMatchObject([{ kind: 'confirmation-missing', id: orderId }]);
    expect(report.findings[0]?.problem).toContain('shipping-worker did not confirm');
    expect(report.outcomes).toMatchObject({ notified: 0, missing: 1 });
  }, 30_000);

  it('the audit notices a purge of its queue, and names the consumer', async () => {
    const record = await store(order({ ...OVERDUE, awaiting: 'shipping-worker' }));
    const QueueUrl = await system.urlOf(system.names[SECOND.queue]);
    const MessageBody = JSON.stringify(orderOutcome(record)?.detail);
    await system.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    expect(await run()).toMatchObject({ findings: [], outcomes: { underWay: 1 } });

    await purge(system, system.names[SECOND.queue]);
    const report = await run();
    expect(report.findings).toMatchObject([{ kind: 'outcome-not-delivered', id: record.orderId }]);
    expect(report.findings[0]?.problem).toContain('shipping-worker did not confirm');
    expect(report.outcomes).toMatchObject({ underWay: 0, missing: 1 });
  }, 30_000);

  it('the audit counts an outcome in its dead-letter queue as under way', async () => {
    const record = await store(order({ ...OVERDUE, awaiting: 'shipping-worker' }));
    const { type, detail } = orderOutcome(record)!;
    const MessageBody = JSON.stringify({ 'detail-type': type, detail });
    const consumers = { ...OUTCOME_CONSUMERS, 'shipping-worker': { ...SECOND, queue: 'orderQueue' } } as const;
    expect((await run(consumers)).findings).toMatchObject([{ kind: 'outcome-not-delivered' }]);
    const QueueUrl = await system.urlOf(system.names.orderDeadLetterQueue);
    await system.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    expect(await run(consumers)).toMatchObject({ findings: [], outcomes: { underWay: 1 } });
  }, 30_000);

  it('the audit still expects its confirmation when customers are not notified', async () => {
    await emulator.deploy({ STAGE: system.stage, NOTIFY_ON_ORDER_OUTCOME: 'false' });
    const rule = { rule: 'orderCreatedRule', queue: 'undeliveredQueue' } as const;
    const consumers = { ...OUTCOME_CONSUMERS, 'shipping-worker': rule };
    const { orderId } = await store(order({ ...OVERDUE, awaiting: 'shipping-worker' }));
    const report = await run(consumers);
    expect(report.findings).toMatchObject([{ kind: 'outcome-not-delivered', id: orderId }]);
    expect(report.outcomes.expected).toBe(true);
  }, 30_000);

  it('the audit expects no confirmation of earlier outcomes, nor any by a removed consumer', async () => {
    await store(completed());
    await store(completed({ awaiting: 'archive-worker' }));
    expect(await run()).toMatchObject({ findings: [], outcomes: { notified: 2 } });
  }, 30_000);

  it('ops status names the consumers that overdue outcomes wait for', async () => {
    await store(order(OVERDUE));
    const terminal = createTerminal();
    expect(await status(system, terminal, { count: false, tolerance: 60 })).toBe(1);
    expect(terminal.written()).toMatch(/1 marker is overdue, by up to \d+ s, not confirmed by notification-worker/);
  }, 30_000);
});
