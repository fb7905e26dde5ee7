import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type QueueState, type SystemState } from '@orderflow/contracts';
import { newOrderRecord, type OrderRecord } from '@orderflow/domain/orders/order';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { createKeepReadable } from '../orders/keep-readable.js';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { createSystemFeed } from './system-feed.js';

const NOW_MS = Date.UTC(2027, 2, 14, 15, 9, 26);
const LINGER_MS = 30_000;
const QUEUES: QueueState[] = [{ name: 'test-order-queue', role: 'work', visible: 1, inFlight: 0, delayed: 0 }];

beforeEach(() => {
  jest.useFakeTimers({ now: NOW_MS });
});
afterEach(() => {
  jest.useRealTimers();
});

function order(orderId: string, change: Partial<OrderRecord> = {}, createdMs = NOW_MS): OrderRecord {
  const items = [{ productId: 'p-1', productName: 'Kettle', quantity: 1, unitPrice: 12.5 }];
  const request = { customerId: 'customer-1', items, totalAmount: 12.5 };
  const base = { orderId, request, requestHash: '', correlationId: 'c', now: createdMs, outboxAt: 0 };
  return { ...newOrderRecord(base), ...change };
}

/** A feed of a system of which each part can be changed, and be away. */
function createWorld() {
  const looks = { followers: 0, polls: 0, queues: 0, workers: 0 };
  const away = { database: false, queues: false, workers: false };
  const published = new Set<string>();
  let changed: Record<string, unknown>[] = [];
  const log = createRecordingLogger();
  const feed = createSystemFeed({
    createFollower: () => {
      looks.followers += 1;
      return {
        poll: async () => {
          looks.polls += 1;
          if (away.database) throw new Error('away');
          const found = changed;
          changed = [];
          return found;
        },
      };
    },
    readQueues: async () => {
      looks.queues += 1;
      if (away.queues) throw new Error('away');
      return QUEUES;
    },
    askWorkers: async () => {
      looks.workers += 1;
      if (away.workers) throw new Error('away');
      return [{ service: 'order-worker', address: `look-${looks.workers}`, status: 'ready' }];
    },
    isPublished: (orderId) => published.has(orderId),
    keepReadable: createKeepReadable(log.logger),
    logger: log.logger,
    now: Date.now,
    monotonic: createMonotonicClock(),
  });
  return {
    feed,
    looks,
    away,
    log,
    publish: (orderId: string) => published.add(orderId),
    change: (...orders: Record<string, unknown>[]) => changed.push(...orders),
    /** Watches; `updates` is what has been told so far. */
    watch: () => {
      const updates: SystemState[] = [];
      return { updates, unsubscribe: feed.subscribe((update) => updates.push(update)) };
    },
    after: (ms: number) => jest.advanceTimersByTimeAsync(ms),
  };
}

const stages = ({ orders }: SystemState) => orders.map(({ orderId, stage }) => [orderId, stage]);

describe('the feed of the system', () => {
  it('reads nothing until somebody asks, and answers with the first look', async () => {
    const { feed, looks, change, after } = createWorld();
    change(order('o-1'));
    await after(60_000);
    expect(looks).toEqual({ followers: 0, polls: 0, queues: 0, workers: 0 });
    const state = await feed.current();
    expect(state).toMatchObject({ at: new Date().toISOString(), queues: QUEUES });
    expect(state).not.toHaveProperty('problem');
    expect(stages(state)).toEqual([['o-1', 'accepted']]);
  });

  it('looks once a second, however many watch, and tells all of them what has changed', async () => {
    const { feed, looks, change, watch, after } = createWorld();
    change(order('o-1'), order('o-2'));
    await Promise.all([feed.current(), feed.current()]);
    const [one, other] = [watch(), watch()];
    change(order('o-2', { status: 'PROCESSING', version: 2 }));
    await after(1_000);
    expect(looks).toMatchObject({ followers: 1, polls: 2, queues: 2 });
    expect(one.updates.map(stages)).toEqual([[['o-2', 'processing']]]);
    expect(other.updates).toEqual(one.updates);
    await after(1_000);
    expect(one.updates.map(stages).at(-1)).toEqual([]);
    expect(stages(await feed.current())).toEqual([
      ['o-1', 'accepted'],
      ['o-2', 'processing'],
    ]);
  });

  it('does not tell those who watch no more', async () => {
    const { feed, watch, after } = createWorld();
    await feed.current();
    const { updates, unsubscribe } = watch();
    await after(1_000);
    unsubscribe();
    await after(1_000);
    expect(updates).toHaveLength(1);
  });

  it('tells that an order is queued although nothing has changed in its table, once', async () => {
    const { feed, change, publish, watch, after } = createWorld();
    change(order('o-1'));
    await feed.current();
    const { updates } = watch();
    publish('o-1');
    await after(2_000);
    expect(updates.map(stages)).toEqual([[['o-1', 'queued']], []]);
  });

  it('goes on for a while after the last one has gone, then forgets, and begins anew for the next', async () => {
    const { feed, looks, change, watch, after } = createWorld();
    change(order('o-1'));
    await feed.current();
    const { unsubscribe } = watch();
    await after(2 * LINGER_MS);
    unsubscribe();
    await after(LINGER_MS - 1_000);
    expect(looks.followers).toBe(1);
    expect(stages(await feed.current())).toHaveLength(1);

    await after(LINGER_MS + 1_000);
    const polls = looks.polls;
    await after(60_000);
    expect(looks.polls).toBe(polls);
    expect(stages(await feed.current())).toEqual([]);
    expect(looks.followers).toBe(2);
  });

  it('asks the workers at every third look, and keeps what they said when asking fails', async () => {
    const { feed, looks, away, watch, after } = createWorld();
    await feed.current();
    const { updates } = watch();
    await after(4_000);
    expect(updates.map(({ workers }) => workers?.[0]?.address)).toEqual(['look-1', 'look-1', 'look-2', 'look-2']);
    away.workers = true;
    await after(3_000);
    expect(looks.workers).toBe(3);
    expect(updates.at(-1)?.workers?.[0]?.address).toBe('look-2');
    expect(updates.at(-1)).not.toHaveProperty('problem');
  });

  it('says what cannot be reached and since when, shows the last known, and goes on by itself', async () => {
    const { feed, away, change, watch, after } = createWorld();
    change(order('o-1'));
    await feed.current();
    const { updates } = watch();
    await after(1_000);
    const known = new Date().toISOString();
    away.queues = true;
    await after(1_000);
    expect(updates.at(-1)?.problem).toBe(`the queues cannot be reached: what is shown is from ${known}`);
    away.database = true;
    await after(1_000);
    expect(updates.at(-1)?.problem).toBe(
      `the database and the queues cannot be reached: what is shown is from ${known}`,
    );
    expect(updates.at(-1)?.queues).toEqual(QUEUES);
    expect(stages(await feed.current())).toEqual([['o-1', 'accepted']]);
    Object.assign(away, { database: false, queues: false });
    await after(1_000);
    expect(updates.at(-1)).not.toHaveProperty('problem');
  });

  it('counts an order as accepted once, whatever becomes of it, and its outcome in its own second', async () => {
    const { feed, change, watch, after } = createWorld();
    change(order('o-1'));
    await feed.current();
    watch();
    await after(1_000);
    change(order('o-1', { status: 'PROCESSING', version: 2 }));
    await after(1_000);
    change(order('o-1', { status: 'COMPLETED', version: 3, updatedAt: new Date().toISOString() }));
    await after(4_000);
    const { flow } = await feed.current();
    expect(flow.map(({ accepted }) => accepted)).toEqual([1, 0, 0, 0, 0]);
    expect(flow.map(({ completed, p50Ms }) => [completed, p50Ms])).toEqual([
      ...[
        [0, undefined],
        [0, undefined],
        [1, 2_000],
        [0, undefined],
        [0, undefined],
      ],
    ]);
  });

  it('shows the newest 200 orders, newest first', async () => {
    const { feed, change } = createWorld();
    change(...Array.from({ length: 250 }, (_, i) => order(`o-${i}`, {}, NOW_MS - 250 + i)));
    const { orders } = await feed.current();
    expect(orders.map(({ orderId }) => orderId)).toEqual(Array.from({ length: 200 }, (_, i) => `o-${249 - i}`));
  });

  it.each<[string, object]>([
    ['no timeline', { timeline: undefined }],
    ['a timeline of null', { timeline: { accepted_1: null } }],
    ['no createdAt', { createdAt: undefined }],
    ['a createdAt that is a number', { createdAt: 7 }],
    ['an updatedAt that is no time', { updatedAt: 'soon' }],
    ['no status', { status: undefined }],
    ['a status of its own', { status: 'ODD' }],
    ['no version', { version: undefined }],
    ['no customer', { customerId: null }],
    ['a failure that is null', { failure: null }],
  ])('leaves an order with %s out, logs it once, and shows the others', async (_what, change) => {
    const world = createWorld();
    world.change({ ...order('odd'), ...change }, order('o-1'));
    expect(stages(await world.feed.current())).toEqual([['o-1', 'accepted']]);
    const { updates } = world.watch();
    world.change({ ...order('odd'), ...change }, order('o-2'));
    await world.after(2_000);
    expect(updates.map(stages)).toEqual([[['o-2', 'accepted']], []]);
    expect(world.log.lines.map(({ message, fields }) => [message, fields.orderId])).toEqual([
      ['stored item is malformed', 'odd'],
    ]);
  });

  it('goes on after a look that fails in a way that nobody has thought of', async () => {
    const world = createWorld();
    await world.feed.current();
    const { updates } = world.watch();
    const unsubscribe = world.feed.subscribe(() => {
      throw new Error('odd');
    });
    await world.after(2_000);
    unsubscribe();
    await world.after(1_000);
    expect(updates).toHaveLength(3);
    expect(world.log.lines.map(({ message }) => message)).toEqual(Array(2).fill('look at the system failed'));
  });

  it('looks no more once it is stopped, whoever watches', async () => {
    const { feed, looks, watch, after } = createWorld();
    await feed.current();
    watch();
    feed.stop();
    const polls = looks.polls;
    await after(60_000);
    expect(looks.polls).toBe(polls);
    expect(jest.getTimerCount()).toBe(0);
  });
});
