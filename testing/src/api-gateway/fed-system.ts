import { jest } from '@jest/globals';
import { type QueueState, type SystemState } from '@orderflow/contracts';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { ReadableFilter } from '../../../services/api-gateway/src/lists/readable-filter.js';
import { createEventStreams } from './event-streams.js';
import { createRecordingLogger } from '../recording-logger.js';
import { SystemFeed } from '../../../services/api-gateway/src/live/system-feed.js';
import { aStoredOrder } from '../stored-orders.js';

export const NOW_MS = Date.UTC(2027, 2, 14, 15, 9, 26);
export const LINGER_MS = 30_000;
export const QUEUES: QueueState[] = [{ name: 'test-order-queue', role: 'work', visible: 1, inFlight: 0, delayed: 0 }];

export function order(orderId: string, change: Partial<OrderRecord> = {}, createdMs = NOW_MS): OrderRecord {
  return { ...aStoredOrder({ orderId, now: createdMs, outboxAt: 0 }), ...change };
}

/** A feed of a system whose parts the test can change and make unavailable. */
export function createFedSystem() {
  const looks = { followers: 0, polls: 0, queues: 0, workers: 0 };
  const away = { database: false, queues: false, workers: false };
  const published = new Set<string>();
  let changed: Record<string, unknown>[] = [];
  const log = createRecordingLogger();
  const sources = {
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
      return [{ service: 'order-worker', address: `look-${looks.workers}`, status: 'ready' as const }];
    },
    isPublished: (orderId: string) => published.has(orderId),
  };
  const readable = new ReadableFilter(log.logger);
  const feed = new SystemFeed(sources, createEventStreams(), readable, log.logger, Date.now, createMonotonicClock());
  return {
    feed,
    looks,
    away,
    log,
    publish: (orderId: string) => published.add(orderId),
    change: (...orders: Record<string, unknown>[]) => changed.push(...orders),
    /** Subscribes; `updates` are those so far. */
    watch: () => {
      const updates: SystemState[] = [];
      return { updates, unsubscribe: feed.subscribe((update) => updates.push(update)) };
    },
    after: (ms: number) => jest.advanceTimersByTimeAsync(ms),
  };
}

export const stages = ({ orders }: SystemState) => orders.map(({ orderId, stage }) => [orderId, stage]);
