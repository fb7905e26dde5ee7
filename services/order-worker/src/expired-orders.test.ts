import { describe, expect, it } from '@jest/globals';
import { replayIdFor } from '@orderflow/domain/ids';
import { erased } from '@orderflow/testing/erased';
import { anOrder, messageOf } from '@orderflow/testing/order-worker/orders';
import { NAMES, startOrderWorker } from '@orderflow/testing/order-worker/start-worker';
import { aStoredOrder } from '@orderflow/testing/stored-orders';

const FAILED = {
  ...({ status: 'FAILED', version: 3, effects: 1 } as const),
  failure: { code: 'RETRIES_EXHAUSTED', message: 'Not finished.', retriable: true, cancelled: true },
};

describe('RETENTION_DAYS', () => {
  it('begins with the outcome, if nobody has to confirm it', async () => {
    const system = startOrderWorker({ RETENTION_DAYS: '30', NOTIFY_ON_ORDER_OUTCOME: 'false' });
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({ expiresAt: Math.ceil(system.now() / 1_000) + 30 * 86_400 });
  });

  it('does not begin before notification-worker has confirmed the outcome', async () => {
    const system = startOrderWorker({ RETENTION_DAYS: '30' });
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED' });
    expect(system.order(orderId)).not.toHaveProperty('expiresAt');
  });
});

describe('a late copy of an event', () => {
  it('whose order has expired is not fulfilled again, and is dead-lettered', async () => {
    const system = startOrderWorker();
    system.send(messageOf(aStoredOrder()));
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.requests).toEqual([]);
    expect(system.published()).toEqual([]);
    expect(system.deadLetters()).toMatchObject([{ code: 'UNKNOWN_ITEM' }]);
  });

  it('whose order was accepted again, with the same idempotency key, does not touch the new order', async () => {
    const system = startOrderWorker();
    const { record, message } = anOrder(system);
    const again = aStoredOrder({ orderId: record.orderId, now: system.now() + 86_400_000 });
    system.aws.dynamo.seed(NAMES.ordersTable, again);
    system.send(message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.order(record.orderId)).toEqual(again);
    expect(system.deadLetters()).toMatchObject([{ code: 'EVENT_MISMATCH' }]);
  });

  it.each([
    ['a copy', {}],
    ['a replay', { replayId: replayIdFor('m1') }],
  ])('whose order was erased has no effect: %s', async (_what, attributes) => {
    const system = startOrderWorker();
    const { record, message } = anOrder(system);
    const gone = erased({ ...record, ...FAILED });
    system.aws.dynamo.seed(NAMES.ordersTable, gone);
    system.send(message, attributes);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.order(record.orderId)).toEqual(gone);
    expect(system.requests).toEqual([]);
    expect(system.published()).toEqual([]);
  });
});
