import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createFedSystem, LINGER_MS, NOW_MS, order, QUEUES, stages } from '@orderflow/testing/api-gateway/fed-system';

beforeEach(() => {
  jest.useFakeTimers({ now: NOW_MS });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the feed of the system', () => {
  it('reads nothing until the first request, and answers it once it has read', async () => {
    const { feed, looks, change, after } = createFedSystem();
    change(order('o-1'));
    await after(60_000);
    expect(looks).toEqual({ followers: 0, polls: 0, queues: 0, workers: 0 });
    const state = await feed.current();
    expect(state).toMatchObject({ at: new Date().toISOString(), queues: QUEUES });
    expect(state).not.toHaveProperty('problem');
    expect(stages(state)).toEqual([['o-1', 'accepted']]);
  });

  it('reads once a second for all subscribers, and sends the changes to each', async () => {
    const { feed, looks, change, watch, after } = createFedSystem();
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

  it('sends nothing after unsubscribe', async () => {
    const { feed, watch, after } = createFedSystem();
    await feed.current();
    const { updates, unsubscribe } = watch();
    await after(1_000);
    unsubscribe();
    await after(1_000);
    expect(updates).toHaveLength(1);
  });

  it('reports an order as queued once, although its item has not changed', async () => {
    const { feed, change, publish, watch, after } = createFedSystem();
    change(order('o-1'));
    await feed.current();
    const { updates } = watch();
    publish('o-1');
    await after(2_000);
    expect(updates.map(stages)).toEqual([[['o-1', 'queued']], []]);
  });

  it('continues for a while after the last subscriber has left, then starts again for the next', async () => {
    const { feed, looks, change, watch, after } = createFedSystem();
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

  it('asks the workers at every third read, and keeps their last answer if one fails', async () => {
    const { feed, looks, away, watch, after } = createFedSystem();
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

  it('reports what cannot be reached and since when, shows the last state, and recovers by itself', async () => {
    const { feed, away, change, watch, after } = createFedSystem();
    change(order('o-1'));
    await feed.current();
    const { updates } = watch();
    await after(1_000);
    const known = new Date().toISOString();
    away.queues = true;
    await after(1_000);
    expect(updates.at(-1)?.problem).toBe(`the queues cannot be reached; this state is from ${known}`);
    away.database = true;
    await after(1_000);
    expect(updates.at(-1)?.problem).toBe(`the database and the queues cannot be reached; this state is from ${known}`);
    expect(updates.at(-1)?.queues).toEqual(QUEUES);
    expect(stages(await feed.current())).toEqual([['o-1', 'accepted']]);
    Object.assign(away, { database: false, queues: false });
    await after(1_000);
    expect(updates.at(-1)).not.toHaveProperty('problem');
  });

  it('counts an order as accepted once, and its outcome in the second in which it ended', async () => {
    const { feed, change, watch, after } = createFedSystem();
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
    const { feed, change } = createFedSystem();
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
    ['an unknown status', { status: 'ODD' }],
    ['no version', { version: undefined }],
    ['no customer', { customerId: null }],
    ['a failure that is null', { failure: null }],
  ])('leaves an order with %s out, logs it once, and shows the others', async (_what, change) => {
    const world = createFedSystem();
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

  it('continues after a read with an unexpected error', async () => {
    const world = createFedSystem();
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

  it('stops reading when stopped, even with subscribers', async () => {
    const { feed, looks, watch, after } = createFedSystem();
    await feed.current();
    watch();
    feed.beforeApplicationShutdown();
    const polls = looks.polls;
    await after(60_000);
    expect(looks.polls).toBe(polls);
    expect(jest.getTimerCount()).toBe(0);
  });
});
