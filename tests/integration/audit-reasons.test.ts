import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { orderCreated, orderOutcome } from '@orderflow/domain/orders/order-events';
import { withoutMarker } from '@orderflow/testing/stored-orders';
import { completed, notificationOf, order } from '../support/audit-items.js';
import { found, useAuditedSystem } from '../support/audited-system.js';

const MINUTE_MS = 60_000;

describe('reasons for unfinished work, in the audit', () => {
  const audited = useAuditedSystem();
  const { put, sendTo, run } = audited;

  it('finds a marker written by a clock that is an hour ahead', async () => {
    const inAnHour = Date.now() + 60 * MINUTE_MS;
    const ahead = order({ outboxAt: inAnHour });
    await put(ahead, order({ outboxAt: Date.now() + 15 * MINUTE_MS }));
    expect(found(await run())).toEqual([['marker-ahead', ahead.orderId]]);
  }, 30_000);

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

  it('accepts a backlog as the reason only if it has a message for every order', async () => {
    const waiting = [1, 2, 3].map(() => order({ outboxAt: Date.now() - MINUTE_MS }));
    const untold = order({ status: 'COMPLETED', version: 3, effects: 1, outboxAt: Date.now() - MINUTE_MS });
    await put(...waiting, untold);
    await sendTo(audited.system.names.orderQueue, ...waiting.map((record) => orderCreated(record).detail));
    await sendTo(audited.system.names.notificationQueue, orderOutcome(untold)?.detail ?? {});
    expect(await run()).toMatchObject({ findings: [], orders: { inProgress: 3 }, outcomes: { underWay: 1 } });

    const late = order({ outboxAt: Date.now() - MINUTE_MS });
    await put(late);
    const report = await run();
    expect(found(report)).toEqual(expect.arrayContaining([['overdue', late.orderId]]));
    expect(report.findingCount).toBe(4);
  }, 30_000);

  it('distinguishes dead-lettered from lost orders, and leaves the dead letter in its queue', async () => {
    const buried = withoutMarker(order());
    await put(buried);
    await sendTo(audited.system.names.orderDeadLetterQueue, { detail: orderCreated(buried).detail });
    for (const _ of [1, 2]) {
      expect(await run()).toMatchObject({ findings: [], orders: { deadLettered: 1, lost: 0 } });
    }
  }, 30_000);

  it('does not accept a dead letter of an earlier life as the reason for an order that was replayed', async () => {
    const again = order({ version: 4, lastReplayId: newId(), outboxAt: Date.now() - MINUTE_MS });
    await put(again);
    await sendTo(audited.system.names.orderDeadLetterQueue, { detail: orderCreated(again).detail });
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
});
