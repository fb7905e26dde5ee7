import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { valueOf } from '@orderflow/testing/samples';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import {
  createOrderSystem,
  NAMES,
  startOrderWorker,
  type OrderSystem,
} from '@orderflow/testing/order-worker/start-worker';

const queue = NAMES.orderQueue;

async function read({ worker }: OrderSystem, name: string, labels: Record<string, string> = {}) {
  return valueOf((await worker.scrape()).text, name, labels);
}

describe('the metrics of order-worker', () => {
  it('count deliveries by outcome, from zero', async () => {
    const system = startOrderWorker();
    for (const outcome of ['processed', 'duplicate', 'retry', 'dead-lettered']) {
      expect(await read(system, 'messages_total', { queue, outcome })).toBe(0);
    }
    const { message } = anOrder(system);
    system.send(message);
    await system.outcomes.next();
    system.send(message);
    system.send('not JSON');
    await system.outcomes.take(2);
    expect(await read(system, 'messages_total', { queue, outcome: 'processed' })).toBe(1);
    expect(await read(system, 'messages_total', { queue, outcome: 'duplicate' })).toBe(1);
    expect(await read(system, 'messages_total', { queue, outcome: 'dead-lettered' })).toBe(1);
    expect(await read(system, 'messages_total', { queue, outcome: 'retry' })).toBe(0);
  });

  it('measure how long a message waited, its handling, and its order', async () => {
    const system = createOrderSystem();
    system.plan.fulfil = async () => {
      system.pass(2);
      return { fulfilled: true };
    };
    system.send(anOrder(system).message);
    system.pass(40);
    system.worker.start();
    await system.outcomes.next();
    expect(await read(system, 'message_age_at_receive_seconds_sum', { queue })).toBe(40);
    expect(await read(system, 'message_handling_seconds_sum', { queue, outcome: 'processed' })).toBe(2);
    expect(await read(system, 'order_accept_to_terminal_seconds_sum', { status: 'COMPLETED' })).toBe(42);
  });

  it('are never negative, even if other clocks are ahead', async () => {
    const system = createOrderSystem();
    const { message } = anOrder({ ...system, now: () => system.now() + 3_600_000 });
    system.send(message);
    system.worker.start();
    await system.outcomes.next();
    expect(await read(system, 'order_accept_to_terminal_seconds_sum', { status: 'COMPLETED' })).toBe(0);
    expect(await read(system, 'message_age_at_receive_seconds_sum', { queue })).toBe(0);
  });

  it('count a failed order as FAILED, and each order once', async () => {
    const system = startOrderWorker();
    system.plan.fulfil = async () => ({ fulfilled: false, code: 'OUT_OF_STOCK', message: 'None left.' });
    const { message } = anOrder(system);
    for (let times = 0; times < 2; times++) {
      system.send(message);
      await system.outcomes.next();
    }
    expect(await read(system, 'order_accept_to_terminal_seconds_count', { status: 'FAILED' })).toBe(1);
    expect(await read(system, 'order_accept_to_terminal_seconds_count', { status: 'COMPLETED' })).toBeUndefined();
  });

  it('exclude a replay, which waited for an operator', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    system.plan.fulfil = async () => Promise.reject(new Error('the warehouse is on fire'));
    const { orderId, message } = anOrder(system);
    system.send(message);
    await system.outcomes.next();
    system.pass(60);
    await eventually(() => system.order(orderId)?.status === 'FAILED');
    system.plan.fulfil = async () => ({ fulfilled: true });
    system.send(message, { replayId: 'replay-1', replayCount: '1' });
    await eventually(() => system.order(orderId)?.status === 'COMPLETED');
    await system.worker.stop();
    expect(await read(system, 'order_accept_to_terminal_seconds_count', { status: 'FAILED' })).toBe(1);
    expect(await read(system, 'order_accept_to_terminal_seconds_count', { status: 'COMPLETED' })).toBeUndefined();
  });

  it('report the oldest last return of all pollers', async () => {
    const system = createOrderSystem({ WORKER_POLLERS: '2' });
    const at = () => read(system, 'poller_last_return_timestamp_seconds', { queue });
    const startedAt = system.now() / 1_000;
    expect(await at()).toBe(startedAt);
    system.worker.start();
    await system.log.next('polling');
    // One poller holds a message; the other continues to poll.
    let finish: () => void = () => undefined;
    const busy = new Promise<void>((resolve) => {
      system.plan.fulfil = () =>
        new Promise((fulfilled) => {
          finish = () => {
            fulfilled({ fulfilled: true });
          };
          resolve();
        });
    });
    system.send(anOrder(system).message);
    await busy;
    system.pass(10);
    const receives = system.aws.sqs.callsOf('ReceiveMessage').length;
    await eventually(() => system.aws.sqs.callsOf('ReceiveMessage').length > receives + 2);
    expect(await at()).toBe(startedAt);
    finish();
    await eventually(() => system.aws.sqs.callsOf('ReceiveMessage').length > receives + 8);
    expect(await at()).toBe(startedAt + 10);
  });

  it('report the state of the breaker', async () => {
    const system = startOrderWorker();
    await system.log.next('polling');
    expect(await read(system, 'breaker_state', { queue })).toBe(0);
    const paused = system.log.next('paused: a dependency is unavailable');
    system.aws.dynamo.failAlways('*', connectionRefused);
    system.send(anOrder(system).message);
    await paused;
    expect(await read(system, 'breaker_state', { queue })).toBe(2);
  });
});
