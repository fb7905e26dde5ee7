import { Inject, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { queuesOf, type QueueState, type ResourceNames } from '@orderflow/contracts';
import { ORDER_FEED } from '@orderflow/domain/orders/order-feed';
import { createFollower } from '@orderflow/platform/dynamodb/follow-items';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import { ApiEnv } from '../config.js';
import type { UnreadAnswers } from '../http/limits/unread-answers.js';
import type { NotedPublisher } from '../infrastructure/note-published.js';
import {
  CLOCK,
  LOGGER,
  METRICS,
  MONOTONIC,
  NAMES,
  ORDERS,
  PUBLISHER,
  QUEUES,
  UNREAD_ANSWERS,
  type Queues,
  type StoredItems,
} from '../infrastructure/tokens.js';
import { KEEP_READABLE, type KeepReadable } from '../lists/keep-readable.js';
import { ListsModule } from '../lists/lists.module.js';
import { createEventStreams, EVENT_STREAMS, exposeEventStreams, type EventStreams } from './event-stream.js';
import { createFollowOrder, FOLLOW_ORDER } from './follow-order.js';
import { LiveController } from './live.controller.js';
import { createOrderWatcher } from './order-watcher.js';
import { PeekDeadLetters } from './peek-dead-letters.js';
import { createSystemFeed, SYSTEM_FEED, type SystemFeed } from './system-feed.js';
import { createWatchSystem, WATCH_SYSTEM } from './watch-system.js';
import { askWorkers, parseWorkerUrls } from './worker-states.js';

/** The page shows work before dead letters. */
const QUEUE_ORDER: QueueState['role'][] = ['work', 'dead-letter', 'undelivered'];

/** Shows the system while it works. It reads nothing while nobody watches. */
@Module({
  imports: [ListsModule],
  controllers: [LiveController],
  providers: [
    {
      provide: EVENT_STREAMS,
      inject: [ApiEnv, UNREAD_ANSWERS, METRICS, MONOTONIC],
      useFactory: (config: ApiEnv, { makeRoom }: UnreadAnswers, metrics: Metrics, monotonic: MonotonicClock) => {
        const streams = createEventStreams({ maxPerClient: config.STREAMS_PER_CLIENT_MAX, makeRoom, monotonic });
        exposeEventStreams(metrics, streams);
        return streams;
      },
    },
    {
      provide: SYSTEM_FEED,
      inject: [ApiEnv, NAMES, QUEUES, ORDERS, PUBLISHER, KEEP_READABLE, LOGGER, CLOCK, MONOTONIC],
      useFactory: (
        { WORKER_URLS: urls }: ApiEnv,
        names: ResourceNames,
        { count }: Queues,
        { reader }: StoredItems,
        { isPublished }: NotedPublisher,
        keepReadable: KeepReadable,
        logger: Logger,
        now: Clock,
        monotonic: MonotonicClock,
      ) => {
        const queues = queuesOf(names).sort((a, b) => QUEUE_ORDER.indexOf(a.role) - QUEUE_ORDER.indexOf(b.role));
        const workers = urls === undefined ? undefined : parseWorkerUrls(urls);
        const sources = {
          createFollower: () => createFollower({ reader, ...ORDER_FEED, now }),
          readQueues: () => Promise.all(queues.map(async (queue) => ({ ...queue, ...(await count(queue.name)) }))),
          askWorkers: workers && (() => askWorkers(workers, monotonic)),
        };
        return createSystemFeed({ ...sources, isPublished, keepReadable, logger, now, monotonic });
      },
    },
    { provide: WATCH_SYSTEM, inject: [SYSTEM_FEED, EVENT_STREAMS], useFactory: createWatchSystem },
    {
      provide: FOLLOW_ORDER,
      inject: [ORDERS, EVENT_STREAMS, KEEP_READABLE, LOGGER],
      useFactory: (
        { reader: orders }: StoredItems,
        streams: EventStreams,
        keepReadable: KeepReadable,
        logger: Logger,
      ) => createFollowOrder({ orders, streams, watcher: createOrderWatcher({ orders, keepReadable, logger }) }),
    },
    PeekDeadLetters,
  ],
  exports: [FOLLOW_ORDER],
})
export class LiveModule implements BeforeApplicationShutdown {
  constructor(
    @Inject(EVENT_STREAMS) private readonly streams: EventStreams,
    @Inject(SYSTEM_FEED) private readonly feed: SystemFeed,
  ) {}

  /** Event streams would keep their requests open forever. */
  beforeApplicationShutdown(): void {
    this.streams.endAll();
    this.feed.stop();
  }
}
