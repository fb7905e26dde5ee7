import { once } from 'node:events';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { ANYONE } from '../../../services/api-gateway/src/identity/caller.js';
import { FollowOrder } from '../../../services/api-gateway/src/live/follow-order.js';
import type { Orders } from '../../../services/api-gateway/src/infrastructure/stored-items.js';
import { ReadableFilter } from '../../../services/api-gateway/src/lists/readable-filter.js';
import { createRecordingLogger } from '../recording-logger.js';
import { OrderWatcher } from '../../../services/api-gateway/src/live/order-watcher.js';
import { valueOf } from '../samples.js';
import { aStoredOrder } from '../stored-orders.js';
import { createEventStreams } from './event-streams.js';
import { ordersOver } from './orders-over.js';

export const at = (ms: number): string => new Date(1_000_000 + ms).toISOString();

/** A watcher of orders, and its log. */
export function createWatcher(orders: Orders, options: { intervalMs?: number } = {}) {
  const log = createRecordingLogger();
  const watcher = new OrderWatcher(orders, new ReadableFilter(log.logger), log.logger);
  return Object.assign(watcher, { log, ...options });
}

/** One stored order, with clients that follow it. */
export function createFollowedOrder(options: { intervalMs?: number } = { intervalMs: 5 }) {
  const inserted = aStoredOrder({ now: 1_000_000, outboxAt: 0 });
  const { orderId } = inserted;
  const table = new Map<string, OrderRecord>([[orderId, inserted]]);
  /** How many versions, and how many whole orders, each read took. */
  const reads: number[] = [];
  const wholeReads: number[] = [];
  let away = false;
  let readMs = 0;
  const reader: TableReader = {
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
  const metrics = createMetrics('test');
  const streams = createEventStreams({}, metrics);
  const orders = ordersOver(reader);
  const watcher = createWatcher(orders, options);
  const followOrder = new FollowOrder(orders, watcher, streams);

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
    openStreams: async () => valueOf((await metrics.scrape()).text, 'event_streams_open', { kind: 'order' }),
    log: watcher.log,
    store: (change: object) => {
      table.set(orderId, { ...(table.get(orderId) ?? inserted), ...change });
    },
    /** Duration of a read, which returns the state at its beginning. */
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
      const body = await followOrder.follow(ANYONE, orderId, { key: 'client' }, lastEventId);
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

export async function followed(world: ReturnType<typeof createFollowedOrder>, lastEventId?: string) {
  const stream = await world.follow(lastEventId);
  if (!stream) throw new Error('there is nothing to follow');
  return stream;
}
