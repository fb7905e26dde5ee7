import { INDEXES, type Failure } from '@orderflow/contracts';

/** Shards of the outbox index: enough that one of them never limits the write rate, few enough to read them all. */
export const OUTBOX_SHARDS = 8;

const LIST_SHARDS = 4;

/** One step in an item's life, as it is stored: what of it is not known, or does not apply, is absent. */
export type TimelineEntry = {
  at: string;
  /** The item's version that the step led to. */
  version?: number;
  attempt?: number;
  messageId?: string;
  worker?: string;
  /** When the message came to its queue. */
  sentAt?: string;
  delaySeconds?: number;
  code?: string;
  reason?: string;
  /** Of a publication by the sweeper, which event it was. */
  eventId?: string;
};

/** Attempts at an item's message in its present life: a replayed message is counted anew. */
export function attemptsOf(timeline: Record<string, TimelineEntry>): number {
  const steps = Object.entries(timeline);
  const replays = steps.filter(([name]) => name.startsWith('replayed_'));
  const life = Math.max(0, ...replays.map(([, { version = 1 }]) => version));
  return Math.max(0, ...steps.map(([, { version = 1, attempt = 0 }]) => (version >= life ? attempt : 0)));
}

/** What orders and notifications have in common in their tables: the state, the claim, the timeline and the marker. */
export type WorkItemRecord = {
  /** Strictly rising. */
  version: number;
  /** How often an outcome was applied in this life: 0 or 1. */
  effects: number;
  createdAt: string;
  updatedAt: string;
  /** SQS message id of the message that works on it, '' before the first claim. */
  holder: string;
  claimToken: string;
  /** Epoch ms until which the claim's holder may not be disturbed. */
  leaseUntil: number;
  failure?: Failure;
  lastReplayId: string;
  /** Value of lastReplayId in the life whose work was given up; absent when no life was. */
  givenUpLife?: string;
  /**
   * By the step's name and the version that it led to, such as received_2: a repeated statement overwrites its own step.
   * A republished_1 leads to no version; it has its number, and the version that it met.
   */
  timeline: Record<string, TimelineEntry>;
  correlationId: string;
  traceparent?: string;
  /** Of the present life's outcome, when its delivery was traced: the context of the outcome's event. */
  outcomeTraceparent?: string;
  requestHash: string;
  /** Of the request that inserted it, random; absent without an Idempotency-Key. */
  insertToken?: string;
  /** Sort key of the listing indexes: `createdAt#id`. */
  createdAtId: string;
  /** The outbox marker, present from the insert to the terminal write. */
  outboxShard?: number;
  /** Epoch ms at which the sweeper looks at the item. */
  outboxAt?: number;
  /** Publications by the sweeper after which the queue was seen empty. */
  outboxAttempts: number;
  /** Epoch ms of the sweeper's last publication; absent before the first. */
  outboxSentAt?: number;
};

/** The random tail of a UUID spreads evenly over any power of two. */
function tailOf(id: string): number {
  return Number.parseInt(id.slice(-4), 16);
}

export function outboxShardOf(id: string): number {
  return tailOf(id) % OUTBOX_SHARDS;
}

/** The outbox index, which both tables have. */
export const OUTBOX = { index: INDEXES.outbox, shards: OUTBOX_SHARDS, shardOf: outboxShardOf } as const;

/** The calendar month (UTC) that an ISO 8601 timestamp lies in, as `2026-11`. */
export function listMonthOf(timestamp: string): string {
  return timestamp.slice(0, 7);
}

/** Partitions of the by-time index for one month: writes are spread over them, a page merges them. */
export function listBucketsOf(month: string): string[] {
  return Array.from({ length: LIST_SHARDS }, (_, shard) => `${month}#${shard}`);
}

export function listBucketOf(createdAt: string, id: string): string {
  return `${listMonthOf(createdAt)}#${tailOf(id) % LIST_SHARDS}`;
}

export function createdAtIdOf(createdAt: string, id: string): string {
  return `${createdAt}#${id}`;
}
