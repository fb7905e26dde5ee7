import { describe, expect, it } from '@jest/globals';
import { newId, replayIdFor } from '@orderflow/domain/ids';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createFakeSystem } from '@orderflow/testing/orderctl/fake-system';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';
import { aFailedOrder } from '@orderflow/testing/orderctl/orders';
import { restartAll, type RestartOptions } from './restart-all.js';

const OPTIONS: RestartOptions = { most: 1_000, rate: 20 };

function start(...orders: OrderRecord[]) {
  const fake = createFakeSystem();
  fake.put(...orders);
  const terminal = createFakeTerminal();
  const run = (ids: string[], options: Partial<RestartOptions> = {}) =>
    restartAll(fake.system, terminal, 'order', ids, { ...OPTIONS, ...options });
  return { ...fake, terminal, run };
}

describe('order replay', () => {
  it('restarts an order without a dead letter, and publishes its event', async () => {
    const failed = aFailedOrder();
    const { run, order, queue, terminal } = start(failed);
    expect(await run([failed.orderId])).toBe(0);
    const { failure: _failure, ...rest } = failed;
    expect(order(failed.orderId)).toMatchObject({
      ...rest,
      ...{ status: 'PENDING', version: 8, effects: 0, holder: '', claimToken: '', leaseUntil: 0, outboxAttempts: 0 },
      updatedAt: new Date(terminal.now()).toISOString(),
      lastReplayId: replayIdFor(`${failed.orderId}:7`),
      outboxAt: terminal.now() + 5_000,
      outboxShard: expect.any(Number) as unknown,
      timeline: { ...failed.timeline, replayed_8: { at: new Date(terminal.now()).toISOString(), version: 8 } },
    });
    expect(order(failed.orderId)).not.toHaveProperty('failure');
    expect(queue('orderQueue')).toHaveLength(1);
    expect(terminal.written()).toMatch(/^replayed +\S+ +was FAILED, UNDELIVERED; its event is published\n$/);
    // A second press.
    expect(await run([failed.orderId])).toBe(1);
    expect(terminal.written()).toContain('it is PENDING; only a FAILED item can be started again');
    expect(queue('orderQueue')).toHaveLength(1);
  });

  it('restarts an order whose event cannot be published, thanks to its marker', async () => {
    const failed = aFailedOrder();
    const { run, aws, order, terminal } = start(failed);
    aws.eventBridge.failAlways('PutEvents', connectionRefused);
    expect(await run([failed.orderId])).toBe(0);
    expect(order(failed.orderId)).toMatchObject({ status: 'PENDING' });
    expect(terminal.written()).toContain('so the sweeper will publish it');
  });

  it('starts one life for concurrent calls', async () => {
    const failed = aFailedOrder();
    const { run, order, terminal } = start(failed);
    expect(await Promise.all([run([failed.orderId]), run([failed.orderId])])).toEqual([0, 0]);
    expect(order(failed.orderId)).toMatchObject({ version: 8 });
    expect(terminal.written().match(/^replayed/gm)).toHaveLength(2);
  });

  it('names the dead letter that can no longer start the order', async () => {
    const step = { at: '2027-03-14T15:00:00.000Z', version: 7, messageId: 'm1' };
    const failed = aFailedOrder({ timeline: { 'dead-lettered_7': step } });
    const { run, order, terminal } = start(failed);
    expect(await run([failed.orderId], { json: true })).toBe(0);
    expect(JSON.parse(terminal.written())).toMatchObject({ deadLetter: 'm1', replayId: replayIdFor('m1') });
    expect(order(failed.orderId)).toMatchObject({ lastReplayId: replayIdFor('m1') });
  });

  const refused = { code: 'OUT_OF_STOCK', message: 'gone', retriable: false };
  it.each([
    ['does not exist', [], 'there is no order with this id'],
    ['is completed', [aFailedOrder({ status: 'COMPLETED' })], 'it is COMPLETED'],
    ['was refused for good', [aFailedOrder({ failure: refused })], 'it was refused for good: OUT_OF_STOCK, gone'],
  ])('refuses an order that %s', async (_what, orders, why) => {
    const { run, terminal, queue } = start(...orders);
    expect(await run([orders[0]?.orderId ?? newId()])).toBe(1);
    expect(terminal.written()).toContain(why);
    expect(terminal.said()).toBe('0 replayed, 1 refused\n');
    expect(queue('orderQueue')).toEqual([]);
  });

  it('says when the order has changed meanwhile', async () => {
    const failed = aFailedOrder();
    const { run, aws, put, terminal } = start(failed);
    const send = aws.dynamo.send.bind(aws.dynamo);
    let isFirst = true;
    const system = (command: never) => {
      const answer = (send as (given: never) => Promise<unknown>)(command);
      if (!isFirst) return answer;
      isFirst = false;
      // Between the look and the statement.
      return answer.then((seen) => {
        put({ ...failed, status: 'PROCESSING', version: 9 });
        return seen;
      });
    };
    Object.assign(aws.dynamo, { send: system });
    expect(await run([failed.orderId])).toBe(1);
    expect(terminal.written()).toContain('somebody else changed it meanwhile: it is PROCESSING now, version 9');
  });

  it('restarts all orders with a failure code, up to a limit, and none on a dry run', async () => {
    const others = [aFailedOrder({ status: 'COMPLETED' }), aFailedOrder({ failure: refused })];
    const given = Array.from({ length: 5 }, () => aFailedOrder());
    const { run, order, queue, terminal } = start(...others, ...given);
    const pending = () => given.filter(({ orderId }) => order(orderId)?.status === 'PENDING').length;
    expect(await run([], { code: ['UNDELIVERED'], dryRun: true })).toBe(0);
    expect(terminal.said()).toContain('5 would be replayed');
    expect(pending()).toBe(0);
    const startedAt = terminal.now();
    expect(await run([], { code: ['UNDELIVERED'], most: 3, rate: 2 })).toBe(0);
    expect(terminal.now() - startedAt).toBeGreaterThanOrEqual(1_000);
    expect(terminal.said()).toContain('There are more than 3');
    expect(pending()).toBe(3);
    expect(await run([], { code: ['UNDELIVERED'] })).toBe(0);
    expect(pending()).toBe(5);
    expect(queue('orderQueue')).toHaveLength(5);
    expect(await run([], { code: ['UNDELIVERED'] })).toBe(0);
  });

  it('stops in an outage, and reports what was done', async () => {
    const orders = Array.from({ length: 30 }, () => aFailedOrder());
    const { run, aws, terminal } = start(...orders);
    aws.dynamo.failAlways('BatchExecuteStatement', connectionRefused);
    expect(await run(orders.map(({ orderId }) => orderId))).toBe(1);
    expect(terminal.said()).toMatch(/^0 replayed, 0 refused, \d+ failed\n\d+ were not tried; run it again\.\n$/);
  });

  it('requires ids or a failure code', async () => {
    const { run } = start();
    await expect(run([])).rejects.toThrow('one order id or more, or --code');
    await expect(run([newId()], { code: ['UNDELIVERED'] })).rejects.toThrow('--code');
  });
});
