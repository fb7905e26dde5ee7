import { INDEXES, type Failure } from '@orderflow/contracts';

/** Shards of the outbox index: enough that one of them never limits the write rate, few enough to read them all. */
export const OUTBOX_SHARDS = 8;

const LIST_SHARDS = 4;

/** A timeline entry as it is stored, without its name. Attributes that are unknown or do not apply are absent. */
export type StoredEntry = {
  at: string;
  /** The version that the item reached with the entry. */
  version?: number;
  attempt?: number;
  messageId?: string;
  worker?: string;
  /** When the message was sent to its queue. */
  sentAt?: string;
  delaySeconds?: number;
  code?: string;
  reason?: string;
  /** The event that the sweeper published. */
  eventId?: string;
};

/** Attempts at an item in its present life. A replay starts the count again. */
export function attemptsOf(timeline: Record<string, StoredEntry>): number {
  const entries = Object.entries(timeline);
  const replays = entries.filter(([name]) => name.startsWith('replayed_'));
  const life = Math.max(0, ...replays.map(([, { version = 1 }]) => version));
  return Math.max(0, ...entries.map(([, { version = 1, attempt = 0 }]) => (version >= life ? attempt : 0)));
}

/**
 * What stored orders and notifications have in common: state, claim, timeline, outbox marker, context. WorkItem in
 * platform/src/work-item/work-item.ts explains the attributes that the transitions write.
 */
export type WorkItemRecord = {
  version: number;
  /** How many outcomes were applied in this life: 0 or 1. */
  effects: number;
  createdAt: string;
  updatedAt: string;
  holder: string;
  claimToken: string;
  leaseUntil: number;
  failure?: Failure;
  lastReplayId: string;
  givenUpLife?: string;
  /**
   * By name and version, for example received_2: a repeated statement overwrites its own entry. A republished_1 does not
   * change the version; the name ends in a counter.
   */
  timeline: Record<string, StoredEntry>;
  correlationId: string;
  traceparent?: string;
  /** Context of the outcome's event, when the delivery that led to the outcome was traced. */
  outcomeTraceparent?: string;
  requestHash: string;
  /** What the created event's `metadata.contentHash` says; absent if an older version wrote the item. */
  contentHash?: string;
  /** Random, from the request that inserted the item; absent without an Idempotency-Key. */
  insertToken?: string;
  /** Sort key of the listing indexes: `createdAt#id`. */
  createdAtId: string;
  outboxShard?: number;
  outboxAt?: number;
  outboxAttempts: number;
  outboxSentAt?: number;
  awaiting?: string;
  expiresAt?: number;
  erasedOn?: string;
};

/** What the record of a new work item is made of. Times in epoch ms. */
export type Accepted<Request> = Pick<WorkItemRecord, 'requestHash' | 'correlationId' | 'traceparent'> & {
  request: Request;
  now: number;
  /** When the marker becomes due. */
  outboxAt: number;
};

/** The attributes of a work item as its insert writes them: unclaimed, with an outbox marker. Times in epoch ms. */
export function newWorkItem<Status>(id: string, pending: Status, { now, outboxAt }: { now: number; outboxAt: number }) {
  const createdAt = new Date(now).toISOString();
  return {
    status: pending,
    version: 1,
    effects: 0,
    createdAt,
    updatedAt: createdAt,
    holder: '',
    claimToken: '',
    leaseUntil: 0,
    lastReplayId: '',
    timeline: { accepted: { at: createdAt, version: 1 } },
    createdAtId: createdAtIdOf(createdAt, id),
    outboxShard: outboxShardOf(id),
    outboxAt,
    outboxAttempts: 0,
  };
}

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
