import type { QueueCounts } from '@orderflow/platform/aws/queue-counts';

/** What can be wrong with an item. */
export type FindingKind =
  /** Not finished, no marker, no dead letter: nothing will ever bring it back. */
  | 'lost'
  /** Its marker has been due for long, and neither a lease nor a message in the queue explains it. */
  | 'overdue'
  /** A finished order whose notification has not come, though its marker has been due for long. */
  | 'outcome-not-delivered'
  /** A finished order without marker and without notification. */
  | 'notification-missing'
  /** Its marker is due later than any pause or lease explains: a clock was ahead when it was written. */
  | 'marker-ahead'
  /** A row that lacks what it is judged by. */
  | 'unreadable'
  /** A finished item whose marker should have gone. */
  | 'marker-left'
  /** Its outcome was applied twice, or not at all, or before there was one. */
  | 'effects'
  /** FAILED without a failure: the event of its outcome cannot be made. */
  | 'no-outcome'
  /** FAILED after attempts, and nothing says that the warehouse has cancelled it: it may have shipped. */
  | 'not-cancelled'
  /** A notification of an event that is no outcome of its order. */
  | 'stray-notification'
  /** A notification whose order does not exist. */
  | 'from-nowhere';

/** The latest that an item tells about itself. */
export type LastSeen = {
  /** Latest step of its timeline. */
  step: string;
  /** ISO 8601. */
  at: string;
  status: string;
  version: number;
  /** SQS message that claimed it last, '' before the first claim. */
  holder: string;
  /** Host of the latest step that names one. */
  worker?: string;
  /** Attempts at its message, in its present life. */
  attempts: number;
  /** How often the sweeper has published it again. */
  republished: number;
};

export type AuditFinding = {
  kind: FindingKind;
  item: 'order' | 'notification';
  id: string;
  /** The item's order; of an order, itself. */
  orderId: string;
  /** One sentence. */
  problem: string;
  lastSeen: LastSeen;
};

/** What became of finished orders at the warehouse, as far as the orders say. */
export type Endings = {
  /** COMPLETED. */
  fulfilled: number;
  /** FAILED after attempts, and the warehouse has confirmed that it ships nothing. */
  cancelled: number;
  /** FAILED, by the warehouse's own answer. */
  refused: number;
  /** FAILED before any worker had it. */
  untried: number;
  /** FAILED after attempts without a confirmed cancel: a finding each. */
  notCancelled: number;
};

/** Every item is in exactly one of the four classes; those that are lost are findings. */
export type ItemTotals = {
  total: number;
  terminal: number;
  inProgress: number;
  deadLettered: number;
  lost: number;
  /** Items that carry an outbox marker. */
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
  /** What became of the finished orders' outcomes; `expected` is false where the rule that delivers them is left out. */
  outcomes: { expected: boolean; notified: number; underWay: number; missing: number };
  /** As the audit began, by the queues' names. */
  queues: Record<string, QueueCounts>;
  /** The first of them; `findingCount` counts them all. */
  findings: AuditFinding[];
  findingCount: number;
};
