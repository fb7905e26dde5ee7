import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { at, createFollowedOrder, createWatcher, followed } from '@orderflow/testing/api-gateway/followed-order';
import { eventually } from '@orderflow/testing/eventually';
import { ordersOver } from '@orderflow/testing/api-gateway/orders-over';
import { ANYONE } from '../identity/caller.js';
import { FollowOrder } from './follow-order.js';

describe('a change', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([0, 1, 499, 500, 501, 777, 1_499])(
    'is reported within 1 s, with reads of 200 ms, when it happens %d ms after the first read',
    async (ms) => {
      const world = createFollowedOrder({});
      world.setReadMs(200);
      const { events, body } = await followed(world);
      await jest.advanceTimersByTimeAsync(ms);
      world.claim();
      await jest.advanceTimersByTimeAsync(1_000);
      await new Promise(setImmediate);
      expect(events()).toContain('order PROCESSING 2');
      body.destroy();
    },
  );
});

describe('the watch of an order', () => {
  it('reports an outage once, and continues afterwards', async () => {
    const world = createFollowedOrder();
    const { events, ended } = await followed(world);
    world.setAway(true);
    await eventually(() => world.reads.length > 3);
    expect(events()).toEqual(['order PENDING 1', 'problem']);
    world.setAway(false);
    world.complete();
    await ended;
    expect(events().at(-1)).toBe('order COMPLETED 3');
  });

  it('reads versions, and the whole order only when it has changed', async () => {
    const world = createFollowedOrder();
    const { events, ended } = await followed(world);
    await eventually(() => world.reads.length > 3);
    expect(world.wholeReads).toEqual([]);
    world.claim();
    await eventually(() => events().length === 3);
    const { length } = world.reads;
    await eventually(() => world.reads.length > length + 1);
    expect(world.wholeReads).toEqual([1]);
    world.complete();
    await ended;
  });

  it.each<[string, object]>([
    ['no version', { version: undefined }],
    ['a version that is text', { version: '2' }],
    ['no timeline', { version: 2, timeline: undefined }],
    ['no items', { version: 2, items: undefined }],
    ['items that are null', { version: 2, items: [null] }],
    ['an invalid time', { version: 2, createdAt: 'yesterday' }],
    ['a status of another kind', { version: 2, status: 7 }],
  ])('survives an order with %s, and continues when it is repaired', async (_what, change) => {
    const world = createFollowedOrder();
    const { events, ended } = await followed(world);
    const [whole] = [{ items: [], timeline: {}, createdAt: at(0) }];
    world.store(change);
    await eventually(() => world.reads.length > 4);
    expect(events()).toEqual(['order PENDING 1']);
    expect(world.log.lines.length).toBeLessThanOrEqual(1);
    world.store({ ...whole, version: 2, status: 'PENDING' });
    world.complete();
    await ended;
    expect(events().at(-1)).toBe('order COMPLETED 3');
  });

  it('continues when a listener throws', async () => {
    const world = createFollowedOrder();
    const stop = world.watcher.watch(world.inserted, {
      onChange: () => {
        throw new Error('odd');
      },
      onProblem: () => {
        throw new Error('odd too');
      },
    });
    world.claim();
    await eventually(() => world.log.lines.length > 0);
    expect(world.log.lines[0]?.message).toBe('watched orders could not be read');
    const { length } = world.reads;
    await eventually(() => world.reads.length > length + 1);
    stop();
  });

  it('needs one reader for 200 clients, and none once they have left', async () => {
    const world = createFollowedOrder();
    const streams = await Promise.all(Array.from({ length: 200 }, () => followed(world)));
    await eventually(() => world.reads.length > 2);
    expect(new Set(world.reads)).toEqual(new Set([1]));
    for (const { body } of streams.slice(1)) body.destroy();
    const before = world.reads.length;
    await eventually(() => world.reads.length > before + 1);
    streams[0]?.body.destroy();
    await once(streams[0]!.body, 'close');
    const after = world.reads.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(world.reads.length - after).toBeLessThanOrEqual(1);
  });

  it('is refused for an order that does not exist', async () => {
    const world = createFollowedOrder();
    const orders = ordersOver({ get: () => Promise.resolve(undefined) } as unknown as TableReader);
    const none = new FollowOrder(orders, createWatcher(orders), world.streams);
    await expect(none.follow(ANYONE, world.orderId, { key: 'client' })).rejects.toMatchObject({
      code: 'ORDER_NOT_FOUND',
    });
    await eventually(async () => (await world.openStreams()) === 0);
  });
});
