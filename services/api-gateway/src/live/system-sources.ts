import { Injectable } from '@nestjs/common';
import { queuesOf, type QueueState, type WorkerState } from '@orderflow/contracts';
import { ORDER_FEED } from '@orderflow/domain/orders/order-feed';
import { createFailureLog } from '@orderflow/platform/health/failure-log';
import { createFollower, type Follower } from '@orderflow/platform/dynamodb/follow-items';
import { ApiEnv } from '../config.js';
import { Publisher } from '../infrastructure/publisher.js';
import { Queues } from '../infrastructure/queues.js';
import { Orders } from '../infrastructure/stored-items.js';
import { Clock, Logger, MonotonicClock, ResourceNames } from '../infrastructure/tokens.js';
import { askWorkers, parseWorkerUrls } from './worker-states.js';

/** The page shows work before dead letters. */
const QUEUE_ORDER: QueueState['role'][] = ['work', 'dead-letter', 'undelivered'];

/** What the feed of the system reads. */
@Injectable()
export class SystemSources {
  readonly createFollower: () => Follower;
  readonly readQueues: () => Promise<QueueState[]>;
  /** Absent when WORKER_URLS is not set. */
  readonly askWorkers?: () => Promise<WorkerState[]>;
  /** Whether the bus is known to have accepted the order's event. */
  readonly isPublished: (orderId: string) => boolean;

  constructor(
    { WORKER_URLS: urls }: ApiEnv,
    names: ResourceNames,
    { count }: Queues,
    { reader }: Orders,
    publisher: Publisher,
    now: Clock,
    monotonic: MonotonicClock,
    logger: Logger,
  ) {
    const queues = queuesOf(names).sort((a, b) => QUEUE_ORDER.indexOf(a.role) - QUEUE_ORDER.indexOf(b.role));
    this.createFollower = () => createFollower({ reader, ...ORDER_FEED, now });
    this.readQueues = () => Promise.all(queues.map(async (queue) => ({ ...queue, ...(await count(queue.name)) })));
    this.isPublished = (orderId) => publisher.isPublished(orderId);
    if (urls === undefined) return;
    const workers = parseWorkerUrls(urls);
    const failures = createFailureLog(logger, {
      failed: 'worker is unreachable',
      passes: 'worker is reachable again',
    });
    this.askWorkers = () => askWorkers(workers, monotonic, failures);
  }
}
