import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated, orderOutcome } from '@orderflow/domain/orders/order-events';
import { auditCommand } from '@orderflow/orderctl/audit/audit-command';
import { audit, AUDIT_DEFAULTS } from '@orderflow/orderctl/audit/audit';
import type { AuditReport } from '@orderflow/orderctl/audit/report';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { startEmulator } from '../support/embedded-system.js';
import { type Emulator } from '../support/emulator.js';
import { connectOperator, createTerminal } from '../support/operator.js';
import { order, without, completed, notificationOf } from '../support/audit-items.js';

const MINUTE_MS = 60_000;

// Longer than a test, so that the audit always pauses before it looks again, and the test ends the pause.
const QUICK = { ...AUDIT_DEFAULTS, recheckMs: 60_000 };

describe('audit', () => {
  let emulator: Emulator;
  let system: ConnectedSystem;
  let stages = 0;

  beforeAll(async () => {
    emulator = await startEmulator();
  }, 120_000);

  afterAll(async () => {
    await emulator.dispose();
  });

  beforeEach(async () => {
    const stage = `audit-${(stages += 1)}`;
    await emulator.deploy({ STAGE: stage });
    system = await connectOperator(emulator.url, stage);
  }, 30_000);

  afterEach(() => {
    system.aws.close();
  });

  const put = async (...items: (OrderRecord | NotificationRecord)[]) => {
    const { ordersTable, notificationsTable } = system.names;
    for (const item of items) {
      const table = 'notificationId' in item ? notificationsTable : ordersTable;
      await system.aws.dynamo.send(new PutCommand({ TableName: table, Item: item }));
    }
  };
  const sendTo = async (queue: string, ...bodies: object[]) => {
    for (const body of bodies) {
      const QueueUrl = await system.urlOf(queue);
      await system.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }));
    }
  };
  const run = (pause: () => Promise<void> = () => Promise.resolve()): Promise<AuditReport> =>
    audit({ aws: system.aws, now: Date.now, pause }, { ...QUICK, stage: system.stage });
  const found = ({ findings }: AuditReport) => findings.map(({ kind, id }) => [kind, id]);

  it('finds nothing wrong with finished orders, queued orders, and orders under a lease', async () => {
    const done = completed();
    const failure = { code: 'OUT_OF_STOCK', message: 'none left', retriable: false };
    const failed = completed({ status: 'FAILED', failure });
    const untold = order({ status: 'COMPLETED', version: 3, effects: 1, outboxAt: Date.now() + MINUTE_MS });
    const leased = {
      status: 'PROCESSING',
      leaseUntil: Date.now() + MINUTE_MS,
      outboxAt: Date.now() - MINUTE_MS,
    } as const;
    await put(done, failed, untold, order(), order(leased), notificationOf(done), notificationOf(failed));

    const report = await run();
    expect(report.findings).toEqual([]);
    expect(report.orders).toEqual({
      ...{ total: 5, terminal: 3, inProgress: 2, deadLettered: 0, lost: 0, markers: 3 },
      byStatus: { COMPLETED: 2, FAILED: 1, PENDING: 1, PROCESSING: 1 },
    });
    expect(report.notifications).toMatchObject({ total: 2, terminal: 2 });
    expect(report.endings).toEqual({ fulfilled: 2, cancelled: 0, refused: 1, untried: 0, notCancelled: 0 });
    expect(report.outcomes).toEqual({ expected: true, notified: 2, underWay: 1, missing: 0 });
  }, 30_000);

  it('reports each kind of problem', async () => {
    const lost = without(order());
    const overdue = order({ outboxAt: Date.now() - MINUTE_MS });
    const twice = completed({ effects: 2 });
    const early = order({ effects: 1, outboxAt: Date.now() + MINUTE_MS });
    const untold = completed();
    const undelivered = order({ status: 'COMPLETED', version: 3, effects: 1, outboxAt: Date.now() - MINUTE_MS });
    const markerLeft = order({ status: 'COMPLETED', version: 3, effects: 1, outboxAt: Date.now() - MINUTE_MS });
    const speechless = completed({ status: 'FAILED' });
    const nowhere = notificationOf(completed());
    const older = notificationOf({ ...twice, version: 2 });
    const stray = notificationOf(twice, { notificationId: randomUUID() });
    const unsent = without(notificationOf(early, { status: 'SENDING', effects: 0 }));
    await put(lost, overdue, twice, early, untold, undelivered, markerLeft, speechless);
    await put(notificationOf(twice), notificationOf(markerLeft), nowhere, older, stray);
    await put({ ...without(unsent), notificationId: randomUUID(), causationId: undefined });

    const report = await run();
    expect(found(report).sort()).toEqual(
      [
        ['lost', lost.orderId],
        ['overdue', overdue.orderId],
        ['effects', twice.orderId],
        ['effects', early.orderId],
        ['notification-missing', untold.orderId],
        ['outcome-not-delivered', undelivered.orderId],
        ['marker-left', markerLeft.orderId],
        ['no-outcome', speechless.orderId],
        ['from-nowhere', nowhere.notificationId],
        ['stray-notification', older.notificationId],
        ['stray-notification', stray.notificationId],
        ['lost', report.findings.find(({ item, kind }) => item === 'notification' && kind === 'lost')?.id],
      ].sort(),
    );
    const { orders } = report;
    expect(orders).toMatchObject({ total: 8, terminal: 5, inProgress: 1, lost: 2 });
    expect(report.outcomes).toMatchObject({ missing: 2 });
    expect(report.findings.find(({ id }) => id === lost.orderId)?.lastSeen).toEqual({
      ...{
        step: 'accepted',
        at: lost.createdAt,
        status: 'PENDING',
        version: 1,
        holder: '',
        attempts: 0,
        republished: 0,
      },
    });
  }, 30_000);

  it('counts how orders ended at the warehouse, and finds orders that were never cancelled', async () => {
    const failed = (code: string, change: object = {}) =>
      completed({ status: 'FAILED', failure: { code, message: 'm', retriable: true, ...change } });
    const cancelled = failed('RETRIES_EXHAUSTED', { cancelled: true });
    const uncancelled = failed('RETRIES_EXHAUSTED');
    const ended = [completed(), cancelled, uncancelled, failed('UNDELIVERED'), failed('NONE', { retriable: false })];
    await put(...ended, ...ended.map((record) => notificationOf(record)));
    const report = await run();
    expect(found(report)).toEqual([['not-cancelled', uncancelled.orderId]]);
    expect(report.endings).toEqual({ fulfilled: 1, cancelled: 1, refused: 1, untried: 1, notCancelled: 1 });
    const terminal = createTerminal();
    expect(await auditCommand(system, terminal, { toleranceMs: 15_000 })).toBe(1);
    expect(terminal.written()).toContain('1 COMPLETED = fulfilled; FAILED = 1 cancelled, 1 refused, 1 never tried');
  }, 30_000);

  it('finds a marker written by a clock that is an hour ahead', async () => {
    const inAnHour = Date.now() + 60 * MINUTE_MS;
    const ahead = order({ outboxAt: inAnHour });
    await put(ahead, order({ outboxAt: Date.now() + 15 * MINUTE_MS }));
    expect(found(await run())).toEqual([['marker-ahead', ahead.orderId]]);
  }, 30_000);

  it.each(['timeline', 'updatedAt', 'version', 'effects', 'items', 'status', 'failure', 'correlationId'] as const)(
    'continues after rows without %s',
    async (attribute) => {
      const rows = [order(), completed({ status: 'FAILED' })].map((record) => {
        const { [attribute]: _missing, ...row } = record;
        return row as OrderRecord;
      });
      const lost = without(order());
      await put(...rows, lost);
      expect(found(await run())).toContainEqual(['lost', lost.orderId]);
    },
    30_000,
  );

  it('does not accept a lease written by a clock that is an hour ahead', async () => {
    const ahead = order({
      ...{ status: 'PROCESSING', outboxAt: Date.now() - MINUTE_MS, leaseUntil: Date.now() + 61 * MINUTE_MS },
      updatedAt: new Date(Date.now() + 60 * MINUTE_MS).toISOString(),
    });
    await put(ahead);
    expect(found(await run())).toEqual([['overdue', ahead.orderId]]);
  }, 30_000);

  it('recognises the notification of an earlier life', async () => {
    const replayed = completed({ version: 6, lastReplayId: randomUUID() });
    await put(replayed, notificationOf(replayed), notificationOf({ ...replayed, version: 3 }));
    expect((await run()).findings).toEqual([]);
  }, 30_000);

  it('accepts a backlog as the reason only if it has a message for each order', async () => {
    const waiting = [1, 2, 3].map(() => order({ outboxAt: Date.now() - MINUTE_MS }));
    const untold = order({ status: 'COMPLETED', version: 3, effects: 1, outboxAt: Date.now() - MINUTE_MS });
    await put(...waiting, untold);
    await sendTo(system.names.orderQueue, ...waiting.map((record) => orderCreated(record).detail));
    await sendTo(system.names.notificationQueue, orderOutcome(untold)?.detail ?? {});
    expect(await run()).toMatchObject({ findings: [], orders: { inProgress: 3 }, outcomes: { underWay: 1 } });

    const late = order({ outboxAt: Date.now() - MINUTE_MS });
    await put(late);
    const report = await run();
    expect(found(report)).toEqual(expect.arrayContaining([['overdue', late.orderId]]));
    expect(report.findingCount).toBe(4);
  }, 30_000);

  it('distinguishes dead-lettered from lost orders, and leaves the dead letter in its queue', async () => {
    const buried = without(order());
    await put(buried);
    await sendTo(system.names.orderDeadLetterQueue, { detail: orderCreated(buried).detail });
    for (const _ of [1, 2]) {
      expect(await run()).toMatchObject({ findings: [], orders: { deadLettered: 1, lost: 0 } });
    }
  }, 30_000);

  it('does not accept a dead letter of an earlier life as the reason for an order that was replayed', async () => {
    const again = order({ version: 4, lastReplayId: newId(), outboxAt: Date.now() - MINUTE_MS });
    await put(again);
    await sendTo(system.names.orderDeadLetterQueue, { detail: orderCreated(again).detail });
    const report = await run();
    expect(found(report)).toEqual([['overdue', again.orderId]]);
    expect(report.orders).toMatchObject({ deadLettered: 0, lost: 1 });
  }, 30_000);

  it('checks a suspicious order again before it reports it', async () => {
    const record = order({ outboxAt: Date.now() - MINUTE_MS });
    await put(record);
    const done = { ...completed(), orderId: record.orderId };
    const report = await run(() => put(done, notificationOf(done)));
    expect(report).toMatchObject({ findings: [], orders: { total: 1, terminal: 1, byStatus: { COMPLETED: 1 } } });
  }, 30_000);

  it('expects no notifications in a stage without notifications of outcomes', async () => {
    await emulator.deploy({ STAGE: 'audit-quiet', NOTIFY_ON_ORDER_OUTCOME: 'false' });
    system.aws.close();
    system = await connectOperator(emulator.url, 'audit-quiet');
    await put(completed());
    expect(await run()).toMatchObject({ findings: [], outcomes: { expected: false, missing: 0 } });
  }, 30_000);

  it('prints each problem with the last step of the order, and exits with 1', async () => {
    const lost = without(order({ holder: 'message-1' }));
    await put(lost);
    const terminal = createTerminal();
    expect(await auditCommand(system, terminal, { toleranceMs: 15_000 })).toBe(1);
    expect(terminal.written()).toMatch(new RegExp(`^order +${lost.orderId}  lost +PENDING without an outbox marker`));
    expect(terminal.written()).toContain('last seen: accepted at');
    expect(terminal.written()).toContain('claimed by message message-1');

    const json = createTerminal();
    expect(await auditCommand(system, json, { toleranceMs: 15_000, json: true })).toBe(1);
    expect(JSON.parse(json.written())).toMatchObject({
      findingCount: 1,
      findings: [{ kind: 'lost', id: lost.orderId }],
    });
  }, 30_000);
});
