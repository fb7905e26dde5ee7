import type { OutgoingEvent } from '../events/publisher.js';

/** The one description of a table of work items. */
export type WorkItemTable = {
  name: string;
  /** Name of the partition key. */
  key: string;
  /** The table's own words for the states, for example PENDING or COMPLETED. */
  states: { pending: string; processing: string; completed: string; failed: string };
  /** The sharded index of outbox markers. */
  outbox: { index: string; shards: number; shardOf: (id: string) => number };
  /** The event that tells a worker to process the item. */
  createdEventOf: (item: object) => OutgoingEvent;
  /** The event of the item's outcome; undefined where an outcome has none. */
  outcomeEventOf: (item: object) => OutgoingEvent | undefined;
  /**
   * Consumers that must confirm the outcome's event before the marker goes. None: the outcome removes the marker.
   */
  confirmedBy: readonly string[];
  /** The consumer that an outcome without `awaiting` waits for: it was there before `awaiting`. Absent: there was none. */
  firstConsumer?: string;
  /** How long an item is kept once it has no more work to do. Absent: forever. */
  retentionDays?: number | undefined;
};

/** What decides for which consumers an outcome waits. */
export type Awaited = Pick<WorkItemTable, 'confirmedBy' | 'firstConsumer'>;

/** `awaiting` as an outcome writes it: absent if only the first consumer must confirm it. */
export function awaitingOf({ confirmedBy, firstConsumer }: Awaited): string | undefined {
  const awaiting = confirmedBy.join(' ');
  return awaiting === '' || awaiting === firstConsumer ? undefined : awaiting;
}

const SECONDS_PER_DAY = 86_400;

/** `expiresAt` of an item that has no more work to do from `now` (epoch ms); undefined if it is kept forever. */
export function expiryOf({ retentionDays }: Pick<WorkItemTable, 'retentionDays'>, now: number): number | undefined {
  return retentionDays === undefined ? undefined : Math.ceil(now / 1_000) + retentionDays * SECONDS_PER_DAY;
}

export function isFinished({ states }: Pick<WorkItemTable, 'states'>, { status }: { status: string }): boolean {
  return status === states.completed || status === states.failed;
}

/**
 * A stored, durable piece of work: a message claims it, works on it under a lease, and finishes it. These are the
 * attributes that the transitions read and write; all others belong to the service. A row that was written by hand may
 * lack any of them.
 */
export type WorkItem = {
  status: string;
  /** Every change of state adds 1. */
  version: number;
  updatedAt: string;
  /** SQS id of the message that claimed it; '' before the first claim. */
  holder: string;
  /** Proves ownership of the claim; '' while the item has no owner. */
  claimToken: string;
  /** Epoch ms. */
  leaseUntil: number;
  /** Names the item's present life: '' in the first, then the id of the replay that started it. */
  lastReplayId: string;
  /** The life that was given up. While it is the present one, a claim may only end it. */
  givenUpLife?: string;
  failure?: { retriable: boolean };
  /** Of the created event's `data`. Absent if an older version wrote the item. */
  contentHash?: string;
  /** The outbox marker. Both are absent once no event of the item has to be published again. */
  outboxShard?: number;
  /** Epoch ms at which the sweeper must look at the item. */
  outboxAt?: number;
  /** Publications that the sweeper made because it found the queue empty. An outcome to confirm or a new life resets it. */
  outboxAttempts: number;
  /** Epoch ms of the sweeper's last publication; absent before the first. */
  outboxSentAt?: number;
  /**
   * Consumers that have not confirmed the outcome, separated by spaces: a condition compares them all at once. Absent:
   * only the first consumer had to, or all have.
   */
  awaiting?: string;
  /**
   * Epoch seconds after which DynamoDB deletes the item (its time to live). The statement that removes the marker
   * writes it, and a new life removes it: an item with work to do never expires.
   */
  expiresAt?: number;
  /** The day on which its personal data was erased (ISO 8601, UTC). The item is finished and can never start again. */
  erasedOn?: string;
};

/** A work item with an outbox marker, as the sweeper reads it. */
export type DueItem = Record<string, unknown> & WorkItem & { outboxAt: number };

/** An entry of an item's timeline, for example `received` or `completed`. HTTP bodies call it a step. */
export type TimelineEntry = { name: string } & Record<string, unknown>;

export type ClaimRequest = {
  /** SQS id of the message that asks. */
  messageId: string;
  /** New for every claim: proves who owns it. */
  claimToken: string;
  /** Epoch ms, like leaseUntil. */
  now: number;
  leaseUntil: number;
  entry: TimelineEntry;
  /** The hash that the item must store; null: it must store none. Absent: the content is not compared. */
  contentHash?: string | null | undefined;
  /** Gives the present life up: every later claim in it may only end it. */
  givesUp?: boolean;
};

/** How a work item ended. */
export type Outcome = {
  claimToken: string;
  /** The version that the claim wrote. */
  version: number;
  result: 'completed' | 'failed';
  now: number;
  /** Further attributes of the outcome, for example `failure` or `sentAt`. */
  attributes: Record<string, unknown>;
  /** Epoch ms at which the marker is due, if the outcome waits for a confirmation. */
  outboxAt: number;
  entries: readonly TimelineEntry[];
};

/** Starts a new life. Times in epoch ms. */
export type NewLife = { replayId: string; outboxShard: number; outboxAt: number };

/** A consumer's confirmation of an outcome. */
export type Confirmation = {
  /** The version that the outcome wrote. */
  version: number;
  /** `awaiting` as it was seen. */
  seen: string | undefined;
  /** The consumers that are left. */
  left: readonly string[];
  now: number;
};
