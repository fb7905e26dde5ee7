import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { auditCommand } from '@orderflow/orderctl/audit/audit-command';
import { withoutMarker } from '@orderflow/testing/stored-orders';
import { completed, notificationOf, order } from '../support/audit-items.js';
import { found, useAuditedSystem } from '../support/audited-system.js';
import { createTerminal } from '../support/operator.js';

const MINUTE_MS = 60_000;

describe('audit', () => {
  const audited = useAuditedSystem();
  const { put, run } = audited;

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
    expect(report.outcomes).toEqual({ expected: true, notified: 2, underWay: 1, missing: 0, erased: 0, expired: 0 });
  }, 30_000);

  it('reports each kind of problem', async () => {
    const lost = withoutMarker(order());
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
    const unsent = withoutMarker(notificationOf(early, { status: 'SENDING', effects: 0 }));
    await put(lost, overdue, twice, early, untold, undelivered, markerLeft, speechless);
    await put(notificationOf(twice), notificationOf(markerLeft), nowhere, older, stray);
    await put({ ...withoutMarker(unsent), notificationId: randomUUID(), causationId: undefined });

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
    expect(await auditCommand(audited.system, terminal, { tolerance: 15 })).toBe(1);
    expect(terminal.written()).toContain('1 COMPLETED = fulfilled; FAILED = 1 cancelled, 1 refused, 1 never tried');
  }, 30_000);

  it.each(['timeline', 'updatedAt', 'version', 'effects', 'items', 'status', 'failure', 'correlationId'] as const)(
    'continues after rows without %s',
    async (attribute) => {
      const rows = [order(), completed({ status: 'FAILED' })].map((record) => {
        const { [attribute]: _missing, ...row } = record;
        return row as OrderRecord;
      });
      const lost = withoutMarker(order());
      await put(...rows, lost);
      expect(found(await run())).toContainEqual(['lost', lost.orderId]);
    },
    30_000,
  );

  it('expects no notifications in a stage without notifications of outcomes', async () => {
    await audited.reconnect({ NOTIFY_ON_ORDER_OUTCOME: 'false' });
    await put(completed());
    expect(await run()).toMatchObject({ findings: [], outcomes: { expected: false, missing: 0 } });
  }, 30_000);

  it('prints each problem with the last step of the order, and exits with 1', async () => {
    const lost = withoutMarker(order({ holder: 'message-1' }));
    await put(lost);
    const terminal = createTerminal();
    expect(await auditCommand(audited.system, terminal, { tolerance: 15 })).toBe(1);
    expect(terminal.written()).toMatch(new RegExp(`^order +${lost.orderId}  lost +PENDING without an outbox marker`));
    expect(terminal.written()).toContain('last seen: accepted at');
    expect(terminal.written()).toContain('claimed by message message-1');

    const json = createTerminal();
    expect(await auditCommand(audited.system, json, { tolerance: 15, json: true })).toBe(1);
    expect(JSON.parse(json.written())).toMatchObject({
      findingCount: 1,
      findings: [{ kind: 'lost', id: lost.orderId }],
    });
  }, 30_000);
});
