import type { DynamoDb } from '../aws/clients.js';
import type { QueueCounts } from '../aws/queues.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Clock, MonotonicClock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import type { Check } from '../health/checks.js';
import type { OutboxMetrics } from './sweeper-metrics.js';
import type { WorkItemTable } from './work-item.js';

/** A rule on the bus and the queue that it feeds. The sweeper checks both. */
export type Subscription = {
  /** Throws while the rule is disabled or missing, or has lost its target. */
  check: Check;
  countQueue: () => Promise<QueueCounts>;
};

export type SweptTable = {
  table: WorkItemTable;
  /** Delivers the event of an unfinished item to its worker. */
  work: Subscription;
  /** Deliver the event of an outcome to each consumer that confirms it, by the names in the table's `confirmedBy`. */
  consumers: Readonly<Record<string, Subscription>>;
  /** Called with each item that the sweeper has given up, as stored afterwards. */
  onGivenUp?: (item: Record<string, unknown>) => void;
};

/** The longest pause between two visits to an item. */
export const LONGEST_PAUSE_MS = 900_000;
/** How much further ahead a marker may be, because the clocks of hosts differ. */
export const MARKER_SKEW_MS = 60_000;

export type SweeperOptions = {
  /** How long messages in the queue may explain that a marker is due. */
  queueGraceMs: number;
  /** How long the queues keep a message. */
  retentionMs: number;
  leaseMs: number;
  /** `outboxAttempts` at which an unclaimed item is given up. */
  maxAttempts: number;
  backoffBaseMs: number;
  backoffMaxMs: number;
};

export type SweeperDependencies = {
  dynamo: DynamoDb;
  executor: StatementExecutor;
  publisher: Pick<EventPublisher, 'publish'>;
  logger: Pick<Logger, 'error' | 'warn'>;
  now: Clock;
  monotonic: MonotonicClock;
  random?: () => number;
  /** Updated during the sweep, because a sweep that fails has no report. */
  metrics?: OutboxMetrics;
};

/**
 * What one sweep did with the items of a table. `due` is a lower bound when a shard holds more than one page; `blocked`
 * counts those whose subscription delivers nothing, `failed` those whose visit failed, `ahead` markers that were too far
 * ahead. `blockedBy` says why subscriptions are blocked; `awaiting` names the consumers that have not confirmed the
 * outcomes that were republished.
 */
export const emptyReport = () => ({
  due: 0,
  republished: 0,
  leased: 0,
  waiting: 0,
  givenUp: 0,
  blocked: 0,
  failed: 0,
  ahead: 0,
  blockedBy: [] as string[],
  awaiting: [] as string[],
});
export type SweepReport = ReturnType<typeof emptyReport>;
