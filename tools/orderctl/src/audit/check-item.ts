/** What the checks of orders and notifications share. */
import type { ResourceNames } from '@orderflow/contracts';
import { type WorkItemRecord } from '@orderflow/domain/work-item-record';
import { LONGEST_PAUSE_MS, MARKER_SKEW_MS } from '@orderflow/platform/work-item/swept-table';
import { isLeased, leaseEndsAt } from '@orderflow/platform/work-item/lease';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import type { Endings } from './tally.js';

type FindingKind =
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
  | 'from-nowhere'
  /** An erased order that still has its customer id, or a notification of an erased order. */
  | 'not-erased';

type ItemClass = 'terminal' | 'inProgress' | 'deadLettered' | 'lost';
export type Problem = { kind: FindingKind; text: string };
/** A queue, by its key in `ResourceNames`. */
export type QueueName = keyof ResourceNames;

export type Verdict = {
  class: ItemClass;
  problems: Problem[];
  /** Holds unless the messages in the queue explain the overdue marker. */
  unlessQueued?: { queue: QueueName; problem: Problem };
  /** Of a finished order. */
  outcome?: 'notified' | 'underWay' | 'missing' | 'erased' | 'expired' | undefined;
  /** Of a finished order. */
  ending?: keyof Endings | undefined;
};

export type Circumstances = {
  /** Epoch ms. */
  now: number;
  toleranceMs: number;
  /** Its dead-letter queue contains its message. */
  deadLettered: boolean;
};

type Checked = WorkItemRecord & { status: string };

export const problem = (kind: FindingKind, text: string): Problem => ({ kind, text });

/**
 * DynamoDB deletes expired items within days and in any order, and an order expires a little before or after its
 * notification. So an item that refers to an expiring one, or the other way round, may already be deleted.
 */
const EXPIRY_SLACK_MS = 7 * 86_400_000;

/** @param expiresAtMs epoch ms; undefined: never */
export function isExpiring(expiresAtMs: number | undefined, { now }: Pick<Circumstances, 'now'>): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= now + EXPIRY_SLACK_MS;
}

export const inSeconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

/** For how many ms the marker has been due; undefined within the tolerance. */
export function overdueMs({ outboxAt }: Checked, { now, toleranceMs }: Circumstances): number | undefined {
  return outboxAt !== undefined && outboxAt + toleranceMs < now ? now - outboxAt : undefined;
}

/** A marker is never later than the longest pause or the end of a lease. */
export function aheadProblem(item: Checked, { now }: Circumstances): Problem[] {
  const { outboxAt = 0 } = item;
  const latest = Math.max(now + LONGEST_PAUSE_MS, item.leaseUntil > now ? leaseEndsAt(item) + 1 : 0);
  if (!(outboxAt > latest + MARKER_SKEW_MS)) return [];
  const text = `${item.status}, and its marker is due only in ${inSeconds(outboxAt - now)}: a clock was ahead; the sweeper makes it due`;
  return [problem('marker-ahead', text)];
}

export function effectsProblem({ effects, status }: Checked, expected: 0 | 1): Problem[] {
  if (effects === expected) return [];
  return [problem('effects', `${status}, and its outcome was applied ${effects} times instead of ${expected}`)];
}

export function checkUnfinished(
  item: Checked,
  states: WorkItemTable['states'],
  queue: QueueName,
  around: Circumstances,
): Verdict {
  const problems = [...effectsProblem(item, 0), ...aheadProblem(item, around)];
  // After a replay, the dead letter is from an earlier life and does not count.
  if (around.deadLettered && item.lastReplayId === '') return { class: 'deadLettered', problems };
  if (item.outboxAt === undefined) {
    const lost = problem('lost', `${item.status} without an outbox marker: nothing will bring it back`);
    return { class: 'lost', problems: [...problems, lost] };
  }
  const lateMs = overdueMs(item, around);
  // The configured lease is unknown here. The claim wrote both attributes, so the difference is the lease.
  const leaseMs = item.leaseUntil - Date.parse(item.updatedAt);
  const leased = item.status === states.processing && isLeased(item, around.now, leaseMs);
  if (lateMs === undefined || leased) return { class: 'inProgress', problems };
  const text = `${item.status}, its marker has been due for ${inSeconds(lateMs)}, and no message in the queue explains that`;
  return { class: 'inProgress', problems, unlessQueued: { queue, problem: problem('overdue', text) } };
}
