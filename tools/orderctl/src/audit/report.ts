import type { QueueCounts } from '@orderflow/platform/aws/queues';

export type FindingKind =
  /** Not finished, without marker and dead letter: it will never be processed. */
  | 'lost'
  /** Its marker is long overdue, and neither a lease nor a queued message explains why. */
  | 'overdue'
  /** A finished order whose notification, or another consumer's confirmation, is missing, and whose marker is long overdue. */
  | 'outcome-not-delivered'
  /** A finished order without marker and without notification. */
  | 'notification-missing'
  /** A finished order without marker that a consumer has not confirmed. */
  | 'confirmation-missing'
  /** Its marker is later than any pause or lease: a clock was fast when it was written. */
  | 'marker-ahead'
  /** A row that lacks required attributes. */
  | 'unreadable'
  /** A finished item that still has its marker. */
  | 'marker-left'
  /** Its outcome was applied twice, never, or too early. */
  | 'effects'
  /** FAILED without a failure, so that its event cannot be built. */
  | 'no-outcome'
  /** FAILED after attempts without a confirmed cancel: the warehouse may have shipped it. */
  | 'not-cancelled'
  /** A notification of an event that is not an outcome of its order. */
  | 'stray-notification'
  /** A notification whose order does not exist. */
  | 'from-nowhere';

export type LastSeen = {
  step: string;
  /** ISO 8601. */
  at: string;
  status: string;
  version: number;
  /** The SQS message that claimed it last; '' before the first claim. */
  holder: string;
  /** The worker of the latest entry that names one. */
  worker?: string;
  /** Attempts in its current life. */
  attempts: number;
  /** Publications that the sweeper made because it found the queue empty: `outboxAttempts`. */
  republished: number;
};

export type AuditFinding = {
  kind: FindingKind;
  item: 'order' | 'notification';
  id: string;
  /** Equals `id` for an order. */
  orderId: string;
  problem: string;
  lastSeen: LastSeen;
};

/** How finished orders ended at the warehouse, according to the orders. */
export type Endings = {
  /** COMPLETED. */
  fulfilled: number;
  /** FAILED after attempts; the warehouse confirmed the cancel. */
  cancelled: number;
  /** FAILED because the warehouse refused it. */
  refused: number;
  /** FAILED before any worker tried it. */
  untried: number;
  /** FAILED after attempts without a confirmed cancel. Each is a finding. */
  notCancelled: number;
};

/** Each item is in exactly one of the four classes. Lost items are findings. */
export type ItemTotals = {
  total: number;
  terminal: number;
  inProgress: number;
  deadLettered: number;
  lost: number;
  markers: number;
  byStatus: Record<string, number>;
};

export type AuditReport = {
  stage: string;
  /** ISO 8601. */
  startedAt: string;
  tookMs: number;
  orders: ItemTotals;
  notifications: ItemTotals;
  endings: Endings;
  /** Delivery of outcomes to all their consumers. `expected` is false if the stack lacks the rule that delivers them. */
  outcomes: { expected: boolean; notified: number; underWay: number; missing: number };
  /** At the start of the audit, by queue name. */
  queues: Record<string, QueueCounts>;
  /** The first ones. `findingCount` counts all. */
  findings: AuditFinding[];
  findingCount: number;
};
