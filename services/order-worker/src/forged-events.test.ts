import { describe, expect, it } from '@jest/globals';
import { contentHashOf } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { exhaust } from '@orderflow/testing/order-worker/exhaust';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { NAMES, startOrderWorker } from '@orderflow/testing/order-worker/start-worker';

type Message = ReturnType<typeof anOrder>['message'];

const GOLD = [{ productId: 'gold', productName: 'Gold bar', quantity: 1, unitPrice: 39.98 }];

/** A copy with other data, whose hash is computed again as a forger would. */
function forged(message: Message, change: object): Message {
  const copy = structuredClone(message);
  Object.assign(copy.detail.data, change);
  copy.detail.metadata.contentHash = contentHashOf(copy.detail.data);
  return copy;
}

const MISMATCH = { code: 'EVENT_MISMATCH', path: 'detail.data' };

describe('a forged event of a pending order', () => {
  it.each([
    ['with other items', { items: GOLD }],
    [
      'at another price',
      { items: [{ productId: 'sku-1', productName: 'Kettle', quantity: 2, unitPrice: 0.01 }], totalAmount: 0.02 },
    ],
    ['for another customer', { customerId: 'customer-2' }],
    ['accepted at another time', { createdAt: '2031-01-01T00:00:00.000Z' }],
    ['with one more property', { gift: true }],
  ])('%s is dead-lettered, and the order is untouched and completed as it was accepted', async (_what, change) => {
    const system = startOrderWorker();
    const { orderId, record, message } = anOrder(system);
    const bad = forged(message, change);
    system.send(bad);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ ...MISMATCH, attempts: '1', body: JSON.stringify(bad) }]);
    expect(system.order(orderId)).toEqual(record);
    expect(system.requests).toEqual([]);
    expect(system.published()).toEqual([]);

    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.requests.map(({ items }) => JSON.stringify(items))).toEqual([JSON.stringify(record.items)]);
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
  });

  it('whose edit kept the hash of the real one is dead-lettered before anything is read', async () => {
    const system = startOrderWorker();
    const { orderId, record, message } = anOrder(system);
    const edited = structuredClone(message);
    edited.detail.data.items[0]!.productId = 'gold';
    const calls = system.aws.dynamo.callsOf('BatchExecuteStatement').length;
    system.send(edited);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code: 'EVENT_MISMATCH', path: 'detail.metadata.contentHash' }]);
    expect(system.order(orderId)).toEqual(record);
    expect(system.aws.dynamo.callsOf('BatchExecuteStatement')).toHaveLength(calls);
  });

  it('from another source is dead-lettered', async () => {
    const system = startOrderWorker();
    const { orderId, record, message } = anOrder(system);
    system.send({ ...message, source: 'orderflow.order-worker' });
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code: 'UNKNOWN_EVENT_SOURCE', path: 'source' }]);
    expect(system.order(orderId)).toEqual(record);
  });
});

describe('a forged event', () => {
  it('of a finished order publishes nothing', async () => {
    const system = startOrderWorker();
    const { orderId, message } = anOrder(system);
    system.send(message);
    await system.outcomes.next();
    const [before, published] = [system.order(orderId), system.published().length];
    system.send(forged(message, { items: GOLD }));
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.order(orderId)).toEqual(before);
    expect(system.published()).toHaveLength(published);
  });

  it('does not replay a failed order', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    const { orderId, message } = anOrder(system);
    await exhaust(system, message);
    const before = system.order(orderId);
    expect(before).toMatchObject({ status: 'FAILED', failure: { retriable: true } });
    system.send(forged(message, { items: GOLD }), { replayId: newId(), replayCount: '1' });
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters().at(-1)).toMatchObject(MISMATCH);
    expect(system.order(orderId)).toEqual(before);
  });

  it('does not end the order when its attempts are used up', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    const { orderId, record, message } = anOrder(system);
    system.aws.dynamo.failAlways('BatchExecuteStatement', new Error('something is wrong'));
    system.send(forged(message, { items: GOLD }));
    expect(await system.outcomes.next()).toBe('retry');
    system.aws.dynamo.heal();
    system.pass(60);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.order(orderId)).toEqual(record);
    expect(system.cancels).toEqual([]);
  });
});

describe('an event of an order that an older version accepted', () => {
  it.each([
    ['with a hash', (message: Message) => message],
    [
      'without a hash',
      (message: Message) => {
        const older = structuredClone(message);
        delete older.detail.metadata.contentHash;
        return older;
      },
    ],
  ])('%s is believed', async (_what, eventOf) => {
    const system = startOrderWorker();
    const { orderId, record, message } = anOrder(system);
    const { contentHash: _hash, ...older } = record;
    system.aws.dynamo.seed(NAMES.ordersTable, older);
    system.send(eventOf(message));
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', version: 3, effects: 1 });
    expect(system.order(orderId)).not.toHaveProperty('contentHash');
  });
});
