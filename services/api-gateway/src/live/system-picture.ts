import { type LiveOrder, type QueueState, type SystemState, type WorkerState } from '@orderflow/contracts';
import { toLiveOrder } from '@orderflow/domain/orders/live-order';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import { isFollowedOrder, type FollowedOrder } from '@orderflow/domain/readable-item';
import type { Clock } from '../infrastructure/tokens.js';
import type { ReadableFilter } from '../lists/readable-filter.js';
import { createFlow } from './flow.js';
import type { SystemSources } from './system-sources.js';

/** The workers are asked on every third look. */
const ASK_WORKERS_EVERY = 3;
const MAX_ORDERS = 200;
/** Orders that are remembered as counted. */
const MAX_NOTED = 3_000;
/** Seconds that each update repeats: an order may become known late. */
const UPDATED_SECONDS = 30;

/** What the live page shows of the system: from the first look until reading stops. */
export function createPicture(
  { createFollower, readQueues, askWorkers, isPublished }: SystemSources,
  readable: ReadableFilter,
  now: Clock,
) {
  const follower = createFollower();
  const flow = createFlow();
  const orders = new Map<string, LiveOrder>();
  const noted = new Set<string>();
  let queues: QueueState[] = [];
  let workers: WorkerState[] | undefined;
  let flowSince: number | undefined;
  let asOf = now();
  let looks = 0;
  let problem: string | undefined;
  /** Cache of the whole picture, until the next look. */
  let picture: SystemState | undefined;

  const newestFirst = (some: readonly LiveOrder[]): LiveOrder[] =>
    [...some].sort((a, b) => b.createdAt.localeCompare(a.createdAt));

  function note(order: FollowedOrder): LiveOrder {
    const live = toLiveOrder(order, isPublished(order.orderId));
    flow.note(order, !noted.has(order.orderId));
    noted.add(order.orderId);
    orders.set(order.orderId, live);
    return live;
  }

  /** Orders whose event was published without a change in the table. */
  function newlyQueued(): LiveOrder[] {
    return [...orders.values()].flatMap((order) => {
      if (order.stage !== 'accepted' || !isPublished(order.orderId)) return [];
      const queued: LiveOrder = Object.assign({}, order, { stage: 'queued' as const });
      orders.set(order.orderId, queued);
      return [queued];
    });
  }

  function forgetOldest(): void {
    for (const { orderId } of newestFirst([...orders.values()]).slice(MAX_ORDERS)) orders.delete(orderId);
    for (const orderId of noted) {
      if (noted.size <= MAX_NOTED) break;
      noted.delete(orderId);
    }
  }

  function state(some: readonly LiveOrder[], seconds?: number): SystemState {
    return {
      at: new Date(now()).toISOString(),
      ...(problem === undefined ? {} : { problem }),
      queues,
      ...(workers ? { workers } : {}),
      flow: flow.points(now(), flowSince ?? now(), seconds),
      orders: newestFirst(some),
    };
  }

  return {
    /** Reads the system once. @returns the changes */
    look: async (): Promise<SystemState> => {
      const asksWorkers = looks++ % ASK_WORKERS_EVERY === 0;
      const [followed, counted, asked] = await Promise.allSettled([
        follower.poll(),
        readQueues(),
        asksWorkers ? askWorkers?.() : workers,
      ]);
      const away = [followed, counted]
        .map(({ status }, index) => status === 'rejected' && ['the database', 'the queues'][index])
        .filter(Boolean);
      if (away.length === 0) asOf = now();
      const shown = `this state is from ${new Date(asOf).toISOString()}`;
      problem = away.length === 0 ? undefined : `${away.join(' and ')} cannot be reached; ${shown}`;
      if (counted.status === 'fulfilled') queues = counted.value;
      if (asked.status === 'fulfilled') workers = asked.value;

      const found = followed.status === 'fulfilled' ? readable.keep(followed.value, isFollowedOrder, ORDER_KEY) : [];
      if (followed.status === 'fulfilled') {
        flowSince ??= Math.min(now(), ...found.map((order) => Date.parse(order.createdAt)));
      }
      // The clock may have been set back.
      if (flowSince !== undefined) flowSince = Math.min(flowSince, now());
      const changed = found.map(note);
      const update = state([...newlyQueued(), ...changed], UPDATED_SECONDS);
      forgetOldest();
      picture = undefined;
      return update;
    },
    whole: (): SystemState => (picture ??= state([...orders.values()])),
  };
}

export type Picture = ReturnType<typeof createPicture>;
