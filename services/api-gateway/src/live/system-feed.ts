import type { Readable } from 'node:stream';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { type LiveOrder, type QueueState, type SystemState, type WorkerState } from '@orderflow/contracts';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import { toLiveOrder } from '@orderflow/domain/orders/live-order';
import { isFollowedOrder, type FollowedOrder } from '@orderflow/domain/readable-item';
import type { Stopwatch } from '@orderflow/platform/runtime/clock';
import { toError } from '@orderflow/platform/runtime/errors';
import { Clock, Logger, MonotonicClock } from '../infrastructure/tokens.js';
import { ReadableFilter } from '../lists/readable-filter.js';
import { EventStreams } from './event-stream.js';
import { createFlow } from './flow.js';
import { SystemSources } from './system-sources.js';

const INTERVAL_MS = 1_000;
/** Looking continues for this long without subscribers, so that a reloaded page still shows the last minutes. */
const LINGER_MS = 30_000;
/** Looks between two requests to the workers. */
const ASK_WORKERS_EVERY = 3;
const MAX_ORDERS = 200;
/** Orders that are remembered as counted. */
const MAX_NOTED = 3_000;
/** Seconds that each update repeats: an order may become known late. */
const UPDATED_SECONDS = 30;

/** The state of one series of looks, dropped when looking ends. */
function createPicture(
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
    /** @returns what has changed */
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
      const shown = `what is shown is from ${new Date(asOf).toISOString()}`;
      problem = away.length === 0 ? undefined : `${away.join(' and ')} cannot be reached: ${shown}`;
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

type Picture = ReturnType<typeof createPicture>;

/** One reader for all clients that watch the system. Orders beyond the follower's rate are not shown individually. */
@Injectable()
export class SystemFeed implements BeforeApplicationShutdown {
  private readonly listeners = new Set<(update: SystemState) => void>();
  private picture: Picture | undefined;
  private firstLook: Promise<unknown> = Promise.resolve();
  private unwantedForMs: Stopwatch;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly sources: SystemSources,
    private readonly streams: EventStreams,
    private readonly readable: ReadableFilter,
    private readonly logger: Logger,
    private readonly now: Clock,
    private readonly monotonic: MonotonicClock,
  ) {
    this.unwantedForMs = monotonic.startStopwatch();
  }

  /** Resolves with the picture once AWS has been read for the first time. */
  async current(): Promise<SystemState> {
    const running = this.begin();
    await this.firstLook;
    return running.whole();
  }

  /** The picture at this moment. A subscriber in the same turn of the event loop misses no update after it. */
  whole(): SystemState {
    return this.begin().whole();
  }

  /** Reports changes about once a second. @returns a function that unsubscribes */
  subscribe(onUpdate: (update: SystemState) => void): () => void {
    this.listeners.add(onUpdate);
    return () => {
      this.listeners.delete(onUpdate);
      this.unwantedForMs = this.monotonic.startStopwatch();
    };
  }

  /**
   * A stream of the whole system: `history`, with the current picture and the last minutes, then `system` about once a
   * second, with the changes.
   * @throws ApiProblem TOO_MANY_STREAMS
   */
  async watch(client: string): Promise<Readable> {
    let unsubscribe: () => void = () => undefined;
    const stream = this.streams.open('system', client, () => {
      unsubscribe();
    });
    await this.current();
    // Not the value that current() returned: an update may have been reported since.
    stream.send({ event: 'history', data: this.whole() });
    if (stream.body.destroyed) return stream.body;
    unsubscribe = this.subscribe((update) => {
      stream.send({ event: 'system', data: update });
    });
    return stream.body;
  }

  /** Stops looking. */
  beforeApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private begin(): Picture {
    this.unwantedForMs = this.monotonic.startStopwatch();
    if (!this.picture) {
      this.picture = createPicture(this.sources, this.readable, this.now);
      this.firstLook = this.look(this.picture);
    }
    return this.picture;
  }

  private async look(running: Picture): Promise<void> {
    try {
      const update = await running.look();
      for (const listener of this.listeners) listener(update);
    } catch (error) {
      // Only a timer waits for a look, and an unhandled rejection would end the process.
      this.logger.error('look at the system failed', { err: toError(error) });
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      if (this.listeners.size > 0 || this.unwantedForMs() < LINGER_MS) void this.look(running);
      else this.picture = undefined;
    }, INTERVAL_MS);
  }
}
