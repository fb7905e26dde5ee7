import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { queueDoesNotExist } from '@orderflow/testing/aws/sqs-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { createOrderSystem, startOrderWorker, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';

const receives = (system: OrderSystem) => system.aws.sqs.callsOf('ReceiveMessage').length;

/** Long enough for a forgotten poller to poll. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
}

describe('stopping a worker', () => {
  it('finishes what is in flight, and receives nothing more', async () => {
    const system = startOrderWorker({ WORKER_POLLERS: '5' });
    // Batches start small.
    for (let n = 0; n < 5; n++) system.send(anOrder(system).message);
    await eventually(() => system.queued().length === 0);
    system.requests.length = 0;
    let finish: () => void = () => undefined;
    const allowed = new Promise<void>((resolve) => {
      finish = resolve;
    });
    system.plan.fulfil = async () => {
      await allowed;
      return { fulfilled: true };
    };
    const orders = Array.from({ length: 5 }, () => anOrder(system));
    for (const { message } of orders) system.send(message);
    await eventually(() => system.requests.length === 5);
    let stopped = false;
    const stopping = system.worker.stop().then(() => {
      stopped = true;
    });
    await turns();
    expect(stopped).toBe(false);
    finish();
    await stopping;

    for (const { orderId } of orders) expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED' });
    expect(system.published()).toHaveLength(10);
    expect(system.queued()).toEqual([]);
    const before = receives(system);
    const late = system.send(anOrder(system).message);
    await turns();
    expect(receives(system)).toBe(before);
    expect(system.queued()).toMatchObject([{ id: late, receiveCount: 0 }]);
    expect(system.worker.isLive()).toBe(true);
  });

  it('leaves failed messages to the next worker', async () => {
    const system = startOrderWorker();
    let fail: () => void = () => undefined;
    system.plan.fulfil = () =>
      new Promise((_, reject) => {
        fail = () => {
          reject(new Error('no'));
        };
      });
    const { message } = anOrder(system);
    const id = system.send(message);
    await eventually(() => system.requests.length === 1);
    const stopping = system.worker.stop();
    fail();
    await stopping;
    expect(system.outcomes.all.map(({ outcome }) => outcome)).toEqual(['retry']);
    expect(system.queued()).toMatchObject([{ id }]);
  });

  it('ends an idle worker with its polls', async () => {
    const system = startOrderWorker();
    await system.log.next('polling');
    await eventually(() => receives(system) >= 2);
    await system.worker.stop();
    const before = receives(system);
    await turns();
    expect(receives(system)).toBe(before);
  });

  it('is immediate while the worker waits for a dependency', async () => {
    const system = startOrderWorker();
    await system.log.next('polling');
    system.aws.sqs.failAlways('*', connectionRefused);
    await system.log.next('paused: a dependency is unavailable');
    await system.worker.stop();
    const before = receives(system);
    system.aws.sqs.heal();
    await turns();
    expect(receives(system)).toBe(before);
    expect(system.log.messages()).toEqual(['polling', 'paused: a dependency is unavailable']);
  });

  it('is immediate before the queue is found', async () => {
    const system = createOrderSystem();
    system.aws.sqs.failAlways('*', queueDoesNotExist);
    system.worker.start();
    await eventually(() => system.log.lines.length > 0);
    await system.worker.stop();
    system.aws.sqs.heal();
    await turns();
    expect(receives(system)).toBe(0);
    expect(system.log.lines).toHaveLength(1);
  });

  it('prevents polling while the queue is being looked up', async () => {
    const system = startOrderWorker();
    await system.worker.stop();
    await turns();
    expect(system.aws.sqs.callsOf('GetQueueUrl').length).toBeGreaterThan(0);
    expect(receives(system)).toBe(0);
    expect(system.log.lines).toEqual([]);
  });

  it('works before the start', async () => {
    const system = createOrderSystem();
    await system.worker.stop();
    system.worker.start();
    await turns();
    expect(system.aws.sqs.calls).toEqual([]);
  });
});

describe('liveness', () => {
  it('is false when no receive call returns', async () => {
    const system = createOrderSystem({ WORKER_POLLERS: '1' });
    let release: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    let stuckCalls = 0;
    system.clients.polling.send = (async () => {
      stuckCalls += 1;
      await stuck;
      return {};
    }) as never;
    system.worker.start();
    await eventually(() => stuckCalls === 1);
    expect(system.worker.isLive()).toBe(true);
    system.pass(61);
    expect(system.worker.isLive()).toBe(false);
    release();
  });
});
