import { type ResourceNames } from '@orderflow/contracts';
import { ORDER_FEED } from '@orderflow/domain/orders/order-feed';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { createFollower } from '@orderflow/platform/dynamodb/follow-items';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { ApiEnv } from '../config.js';
import type { KeepReadable } from '../lists/keep-readable.js';
import type { EventStreams } from './event-stream.js';
import { createFollowOrder } from './follow-order.js';
import { createOrderWatcher } from './order-watcher.js';
import { createPeekDeadLetters } from './peek-dead-letters.js';
import { createReadQueues } from './queue-states.js';
import { createSystemFeed } from './system-feed.js';
import { createWatchSystem } from './watch-system.js';
import { askWorkers, parseWorkerUrls } from './worker-states.js';

type Dependencies = {
  config: Readonly<ApiEnv>;
  names: ResourceNames;
  aws: AwsClients;
  orders: TableReader;
  notifications: TableReader;
  urlOf: (queue: string) => Promise<string>;
  streams: EventStreams;
  isPublished: (orderId: string) => boolean;
  keepReadable: KeepReadable;
  logger: Logger;
  now: Clock;
  monotonic: MonotonicClock;
};

/** What shows the system while it works. Nothing of it reads anything while nobody looks. */
export function createLive({
  config,
  names,
  aws,
  orders,
  notifications,
  urlOf,
  streams,
  ...dependencies
}: Dependencies) {
  const { keepReadable, logger, now, monotonic } = dependencies;
  const workerUrls = config.WORKER_URLS === undefined ? undefined : parseWorkerUrls(config.WORKER_URLS);
  const systemFeed = createSystemFeed({
    createFollower: () => createFollower({ reader: orders, ...ORDER_FEED, now }),
    readQueues: createReadQueues(aws.sqs, urlOf, names),
    ...(workerUrls ? { askWorkers: () => askWorkers(workerUrls) } : {}),
    ...dependencies,
  });
  return {
    systemFeed,
    watchSystem: createWatchSystem(systemFeed, streams),
    followOrder: createFollowOrder({ orders, watcher: createOrderWatcher({ orders, keepReadable, logger }), streams }),
    peekDeadLetters: createPeekDeadLetters({ aws, urlOf, names, orders, notifications, monotonic }),
  };
}
