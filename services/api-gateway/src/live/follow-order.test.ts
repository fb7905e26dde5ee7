import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { newId } from '@orderflow/domain/ids';
import { newOrderRecord, type OrderRecord } from '@orderflow/domain/orders/order';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { eventually } from '@orderflow/testing/api-gateway/start-api';
import { createEventStreams } from './event-stream.js';
import { createFollowOrder } from './follow-order.js';
import { createKeepReadable } from '../orders/keep-readable.js';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { createOrderWatcher } from './order-watcher.js';

const at = (ms: number): string => new Date(1_000_000 + ms).toISOString();

function createWatcher(orders: TableReader, options: { intervalMs?: number } = {}) {
  const log = createRecordingLogger();
  return Object.assign(
    createOrderWatcher({ orders, keepReadable: createKeepReadable(log.logger), logger: log.logger, ...options }),
    {
      log,
    },
  );
}

function createWorld(options: { intervalMs?: number } = { intervalMs: 5 }) {
  const orderId = newId();
  const items = [{ productId: 'p-1', productName: 'Kettle', quantity: 1, unitPrice: 12.5 }];
  const request = { customerId: 'customer-1', items, totalAmount: 12.5 };
  const inserted = newOrderRecord({
    orderId,
    request,
    requestHash: '',
    correlationId: 'c',
    now: 1_000_000,
    outboxAt: 0,
  });
  const table = new Map<string, OrderRecord>([[orderId, inserted]]);
  /** How many versions, and how many whole orders, each read took. */
  const reads: number[] = [];
  const wholeReads: number[] = [];
  let away = false;
  let readMs = 0;
  const orders: TableReader = {
    get: (id) => Promise.resolve(table.get(id)),
    getMany: async (ids, projection) => {
      (projection ? reads : wholeReads).push(ids.length);
      if (away) throw new Error('away');
      const whole = ids.flatMap((id) => table.get(id) ?? []);
      const found = projection ? whole.map(({ orderId: id, version }) => ({ orderId: id, version })) : whole;
      if (readMs > 0) await new Promise((resolve) => setTimeout(resolve, readMs));
      return found;
    },
    query: () => Promise.reject(new Error('not used')),
  };
  const streams = createEventStreams();
  const watcher = createWatcher(orders, options);
  const followOrder = createFollowOrder({ orders, watcher, streams });

  const versionOf = (): number => (table.get(orderId) ?? inserted).version;
  const step = (name: string, version: number, change: Partial<OrderRecord>) => {
    const before = table.get(orderId) ?? inserted;
    const timeline = { ...before.timeline, [`${name}_${version}`]: { at: at(version), version } };
    table.set(orderId, { ...before, version, timeline, ...change });
  };
  return {
    orderId,
    inserted,
    watcher,
    reads,
    wholeReads,
    streams,
    log: watcher.log,
    store: (change: object) => {
      table.set(orderId, { ...(table.get(orderId) ?? inserted), ...change });
    },
    /** What a read takes; it tells what was there when it began. */
    setReadMs: (ms: number) => {
      readMs = ms;
    },
    setAway: (value: boolean) => {
      away = value;
    },
    claim: () => {
      step('received', 2, { status: 'PROCESSING' });
    },
    retry: () => {
      step('retried', 3, { status: 'PROCESSING' });
    },
    claimAgain: () => {
      step('received', 4, { status: 'PROCESSING' });
    },
    complete: () => {
      step('completed', Math.max(3, versionOf() + 1), { status: 'COMPLETED', updatedAt: at(3) });
    },
    /** Events so far, as `name id`. */
    follow: async (lastEventId?: string) => {
      const body = await followOrder(orderId, 'client', lastEventId);
      if (!body) return undefined;
      let text = '';
      body.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      const events = () =>
        [...text.matchAll(/^event: (\w+)\n(?:id: (\d+)\n)?data: (.*)$/gm)].map(([, event, id, data = '']) => {
          const { step: name, status } = JSON.parse(data) as { step?: string; status?: string };
          return [event, name ?? status, id].filter((part) => part !== undefined).join(' ');
        });
      const frames = () => text.split(/(?<=\n\n)/).filter((frame) => frame.startsWith('event: '));
      return { body, events, frames, ended: once(body, 'end') };
    },
  };
}

async function followed(world: ReturnType<typeof createWorld>, lastEventId?: string) {
  const stream = await world.follow(lastEventId);
  if (!stream) throw new Error('there is nothing to follow');
  return stream;
}

describe('a change', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([0, 1, 499, 500, 501, 777, 1_499])(
    'is told within 1 s, with reads of 200 ms, when it happens %d ms after the first look',
    async (ms) => {
      const world = createWorld({});
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

describe('a stream of an order', () => {
  it('begins with the present state, tells each step, and ends with the outcome', async () => {
    const world = createWorld();
    const { events, ended } = await followed(world);
    await eventually(() => events().length === 1);
    world.claim();
    await eventually(() => events().length === 3);
    world.complete();
    await ended;
    expect(events()).toEqual([
      ...['order PENDING 1', 'step received', 'order PROCESSING 2', 'step completed', 'order COMPLETED 3'],
    ]);
  });

  it('tells steps that happened between two looks one by one', async () => {
    const world = createWorld();
    const { events, ended } = await followed(world);
    world.claim();
    world.complete();
    await ended;
    expect(events()).toEqual(['order PENDING 1', 'step received', 'step completed', 'order COMPLETED 3']);
  });

  it('goes on after the last event that the client has seen', async () => {
    const world = createWorld();
    world.claim();
    world.complete();
    const { events, ended } = await followed(world, '2');
    await ended;
    expect(events()).toEqual(['step completed', 'order COMPLETED 3']);
  });

  it('shows a client that has seen the present state nothing until something happens', async () => {
    const world = createWorld();
    world.claim();
    const { events, ended } = await followed(world, '2');
    await eventually(() => world.reads.length > 2);
    expect(events()).toEqual([]);
    world.complete();
    await ended;
    expect(events()).toEqual(['step completed', 'order COMPLETED 3']);
  });

  it('is none when the client has seen the outcome', async () => {
    const world = createWorld();
    world.complete();
    expect(await world.follow('3')).toBeUndefined();
  });

  it.each([1, 2, 4])('skips no step for a client that is cut off anywhere, with %i changes a look', async (atOnce) => {
    const world = createWorld();
    const { claim, retry, claimAgain, complete } = world;
    const changes = [claim, retry, claimAgain, complete];
    const { frames, ended } = await followed(world);
    for (let done = 0; done < changes.length; done += atOnce) {
      for (const change of changes.slice(done, done + atOnce)) change();
      await eventually(() =>
        frames()
          .join('')
          .includes(`id: ${1 + done + atOnce}\n`),
      );
    }
    await ended;
    const stepsIn = (some: readonly string[]) => some.filter((frame) => frame.startsWith('event: step'));
    expect(stepsIn(frames())).toHaveLength(changes.length);

    const whole = frames();
    for (let cut = 1; cut <= whole.length; cut++) {
      const seen = whole.slice(0, cut);
      const lastEventId = [...seen.join('').matchAll(/^id: (.*)$/gm)].at(-1)?.[1];
      const again = await world.follow(lastEventId);
      await again?.ended;
      // Without an id a client is told the present state alone.
      if (lastEventId === undefined) continue;
      const told = [...seen, ...(again?.frames() ?? [])];
      expect(new Set(stepsIn(told))).toEqual(new Set(stepsIn(whole)));
      expect(told.at(-1)).toBe(whole.at(-1));
    }
  });

  it('takes an id beyond the present version for none: nobody can have seen it', async () => {
    const world = createWorld();
    const { events, ended } = await followed(world, '999');
    await eventually(() => events().length === 1);
    world.complete();
    await ended;
    expect(events()[0]).toBe('order PENDING 1');
    expect(events().at(-1)).toBe('order COMPLETED 3');
  });

  it('takes an id that is none for no id', async () => {
    const world = createWorld();
    world.complete();
    const { events, ended } = await followed(world, 'v3; drop');
    await ended;
    expect(events()).toEqual(['order COMPLETED 3']);
  });

  it('says once that the order cannot be read, and goes on when it can', async () => {
    const world = createWorld();
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
    const world = createWorld();
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
    ['a time that is none', { version: 2, createdAt: 'yesterday' }],
    ['a status of another kind', { version: 2, status: 7 }],
  ])('outlasts an order with %s, and goes on when it is repaired', async (_what, change) => {
    const world = createWorld();
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

  it('goes on when somebody who watches fails', async () => {
    const world = createWorld();
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
    expect(world.log.lines[0]?.message).toBe('look at watched orders failed');
    const { length } = world.reads;
    await eventually(() => world.reads.length > length + 1);
    stop();
  });

  it('costs one reader for 200 clients, and none once they have gone', async () => {
    const world = createWorld();
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
    const world = createWorld();
    const orders = { get: () => Promise.resolve(undefined) } as unknown as TableReader;
    const none = createFollowOrder({ orders, watcher: createWatcher(orders), streams: world.streams });
    await expect(none(world.orderId, 'client')).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND' });
    await eventually(() => world.streams.count('order') === 0);
  });
});
