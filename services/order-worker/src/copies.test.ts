import { describe, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { NAMES, startOrderWorker } from '@orderflow/testing/order-worker/start-worker';

describe('copies', () => {
  it('of a message in flight are deleted without effect', async () => {
    const system = startOrderWorker();
    let finish: () => void = () => undefined;
    system.plan.fulfil = () =>
      new Promise((resolve) => {
        finish = () => {
          resolve({ fulfilled: true });
        };
      });
    const { orderId, message } = anOrder(system);
    const first = system.send(message);
    await eventually(() => system.requests.length > 0);
    const copy = system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.order(orderId)).toMatchObject({ status: 'PROCESSING', holder: first });
    await eventually(() => !system.queued().some(({ id }) => id === copy));
    finish();
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.requests).toHaveLength(1);
    expect(system.published()).toHaveLength(1);
  });

  it('of a message with a confirmed outcome publish nothing', async () => {
    const system = startOrderWorker();
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    const { outboxShard: _shard, outboxAt: _at, ...confirmed } = system.order(orderId)!;
    system.aws.dynamo.seed(NAMES.ordersTable, confirmed);
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.published()).toHaveLength(1);
  });

  it('of a finished message publish the same event again', async () => {
    const system = startOrderWorker();
    const { message } = anOrder(system);
    system.send(message);
    system.send(message);
    expect((await system.outcomes.take(2)).sort()).toEqual(['duplicate', 'processed']);
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.requests).toHaveLength(1);
    const events = system.published();
    expect(events.length).toBeGreaterThanOrEqual(2);
    for (const event of events) expect(event).toEqual(events[0]);
  });

  it('take over from a dead worker once its lease has expired', async () => {
    const system = startOrderWorker();
    const { orderId, message, record } = anOrder(system);
    system.aws.dynamo.seed(NAMES.ordersTable, {
      ...record,
      status: 'PROCESSING',
      version: 2,
      holder: 'a-dead-worker',
      claimToken: 'its-token',
      leaseUntil: system.now() + 30_000,
    });
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    await eventually(() => system.queued().length === 0);
    // Includes the allowance for clock skew.
    system.pass(32);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', version: 4, effects: 1 });
  });
});
