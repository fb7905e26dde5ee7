import type { Statement } from '../dynamodb/executor.js';
import {
  clause,
  deleteStatement,
  insertStatement,
  updateStatement as update,
  type Clause,
} from '../dynamodb/statement-text.js';
import { awaitingOf, expiryOf, type TimelineEntry, type WorkItem, type WorkItemTable } from './work-item.js';
import type { ClaimRequest, Confirmation, NewLife, Outcome } from './work-item.js';

/**
 * Every change of a work item, and the only place that writes one. A message claims the item, works on it under a
 * lease, and finishes it. All statements are in this one file, so that they can be checked against each other; that is
 * why it is long. The states are generic. Capitals show the stored values, of orders / of notifications:
 *
 *     insert         claim                    finish                             confirm
 *   ────┬──────────────┬────────────────────────┬──────────────────────────────────┬──────>
 *       │ pending      │ processing             │ completed (COMPLETED / SENT)     │
 *       │ (PENDING)    │ (PROCESSING / SENDING) │ or failed (FAILED)               │
 *       │ marker set   │ lease                  │ effects + 1                      │ marker removed
 *                                               │ marker removed, or kept until the last consumer has confirmed
 *
 *     processing          ── postpone ──> processing   the owner gives its claim back; SQS redelivers its message
 *     processing          ── takeOver ──> processing   by another message, after the lease has expired
 *     failed (retriable)  ── replay ────> processing   by a replayed message: a new life, marker set again
 *     failed (retriable)  ── restart ───> pending      by an operator, without a message: a new life, marker set again
 *     completed, failed   ── erase ───> the same   without personal data; it can never start again
 *     completed, failed   ── remove ──> –          deletes the item
 *
 * The condition of each statement names the state that the item must be in and the version or claim that was seen, so
 * only one of several concurrent statements is applied. A claim, by whichever statement, also names the content hash of
 * its message's event, so that no worker works on anything but what was accepted. A SET never reads what another SET of
 * its statement writes: DynamoDB and its emulators differ in the value that they see.
 */

const is = (status: string): Clause => clause('"status" = ?', status);
const isEither = (one: string, other: string): Clause => clause('"status" IN [?, ?]', one, other);
const isAtVersion = (version: number): Clause => clause('"version" = ?', version);
const isUnclaimedOrHeldBy = (messageId: string): Clause => clause('"holder" IN [?, ?]', '', messageId);
const isClaimedBy = (claimToken: string): Clause => clause('"claimToken" = ?', claimToken);
const says = (contentHash: ClaimRequest['contentHash']): Clause[] => {
  if (contentHash === undefined) return [];
  return [contentHash === null ? clause('"contentHash" IS MISSING') : clause('"contentHash" = ?', contentHash)];
};
const isRetriable = clause('"failure"."retriable" = ?', true);
const isNotReplayedBy = (replayId: string): Clause => clause('"lastReplayId" <> ?', replayId);
const isAwaiting = (consumers: string | undefined): Clause =>
  consumers === undefined ? clause('"awaiting" IS MISSING') : clause('"awaiting" = ?', consumers);
const isMarkedAt = (outboxAt: number): Clause => clause('"outboxAt" = ?', outboxAt);

const isUnmarked = clause('"outboxAt" IS MISSING');
const isErasedOn = (erasedOn: string): Clause => clause('"erasedOn" = ?', erasedOn);

const REMOVE_AWAITING = 'REMOVE "awaiting"';
/** A new life must finish first, so it does not expire. */
const REMOVE_OUTCOME = ['REMOVE "failure"', 'REMOVE "outcomeTraceparent"', 'REMOVE "expiresAt"', REMOVE_AWAITING];
const REMOVE_MARKER = ['REMOVE "outboxShard"', 'REMOVE "outboxAt"'];
const COUNT_EFFECT = 'SET "effects" = "effects" + 1';

type Table = Pick<WorkItemTable, 'name' | 'key' | 'states' | 'confirmedBy' | 'retentionDays'>;

/** Bounds the timeline: from this version on, an entry overwrites the last one of its name. */
const MAX_ENTRY_VERSION = 60;

const iso = (epochMs: number): string => new Date(epochMs).toISOString();

const entryPath = (name: string, number: number): string => `timeline.${name}_${Math.min(number, MAX_ENTRY_VERSION)}`;

/** A statement that is sent twice overwrites its own entry. */
function entriesAt(version: number, entries: readonly TimelineEntry[]): Record<string, unknown> {
  return Object.fromEntries(
    entries.map(({ name, ...attributes }) => [entryPath(name, version), { ...attributes, version }] as const),
  );
}

function claimed({ states }: Table, request: ClaimRequest, version: number, life: string): Record<string, unknown> {
  return {
    status: states.processing,
    version,
    holder: request.messageId,
    claimToken: request.claimToken,
    leaseUntil: request.leaseUntil,
    updatedAt: iso(request.now),
    givenUpLife: request.givesUp ? life : undefined,
    ...entriesAt(version, [request.entry]),
  };
}

function newLife({ replayId, outboxShard, outboxAt }: NewLife): Record<string, unknown> {
  return { lastReplayId: replayId, effects: 0, outboxShard, outboxAt, outboxAttempts: 0 };
}

/** – → pending. Refused when the item exists. */
export { insertStatement as insert };

/** pending, processing → processing, by the item's first message or by the same message again. */
export function claim(
  table: Table,
  id: string,
  request: ClaimRequest,
  seen: Pick<WorkItem, 'version' | 'lastReplayId'>,
): Statement {
  const { pending, processing } = table.states;
  return update(table, id, {
    set: claimed(table, request, seen.version + 1, seen.lastReplayId),
    where: [
      isEither(pending, processing),
      isUnclaimedOrHeldBy(request.messageId),
      isAtVersion(seen.version),
      ...says(request.contentHash),
    ],
  });
}

/** processing → processing, by another message, which saw that the lease has expired. */
export function takeOver(table: Table, id: string, request: ClaimRequest, seen: WorkItem): Statement {
  return update(table, id, {
    set: claimed(table, request, seen.version + 1, seen.lastReplayId),
    where: [
      is(table.states.processing),
      isClaimedBy(seen.claimToken),
      isAtVersion(seen.version),
      ...says(request.contentHash),
    ],
  });
}

/** failed (retriable) → processing, once per replay id: a new life with its own outcome. */
export function replay(table: Table, id: string, request: ClaimRequest, seen: WorkItem, life: NewLife): Statement {
  const version = seen.version + 1;
  const { now, messageId } = request;
  return update(table, id, {
    set: {
      ...claimed(table, request, version, life.replayId),
      ...newLife(life),
      ...entriesAt(version, [{ name: 'replayed', at: iso(now), messageId }]),
    },
    also: REMOVE_OUTCOME,
    where: [
      is(table.states.failed),
      isRetriable,
      isNotReplayedBy(life.replayId),
      isAtVersion(seen.version),
      ...says(request.contentHash),
    ],
  });
}

/** failed (retriable) → pending, by an operator: the next message claims it. */
export function restart(
  table: Table,
  id: string,
  seen: Pick<WorkItem, 'version'>,
  { now, ...life }: NewLife & { now: number },
): Statement {
  const version = seen.version + 1;
  return update(table, id, {
    set: {
      status: table.states.pending,
      version,
      holder: '',
      claimToken: '',
      leaseUntil: 0,
      updatedAt: iso(now),
      ...newLife(life),
      ...entriesAt(version, [{ name: 'replayed', at: iso(now) }]),
    },
    also: REMOVE_OUTCOME,
    where: [is(table.states.failed), isRetriable, isAtVersion(seen.version)],
  });
}

/** processing → processing, by the owner, which gives its claim back: no late call of its attempt can finish the item. */
export function postpone(
  table: Table,
  id: string,
  { claimToken, version, now, entry }: Pick<Outcome, 'claimToken' | 'version' | 'now'> & { entry: TimelineEntry },
): Statement {
  return update(table, id, {
    set: { claimToken: '', version: version + 1, updatedAt: iso(now), ...entriesAt(version + 1, [entry]) },
    where: [is(table.states.processing), isClaimedBy(claimToken)],
  });
}

/** processing → completed (COMPLETED / SENT) or failed (FAILED), by the owner of the claim only. */
export function finish(table: Table, id: string, outcome: Outcome): Statement {
  const { claimToken, result, now, attributes, outboxAt, entries } = outcome;
  const version = outcome.version + 1;
  const isUnconfirmed = table.confirmedBy.length > 0;
  return update(table, id, {
    set: {
      status: table.states[result],
      version,
      updatedAt: iso(now),
      ...entriesAt(version, entries),
      ...attributes,
      ...(isUnconfirmed
        ? { outboxAt, outboxAttempts: 0, awaiting: awaitingOf(table) }
        : { expiresAt: expiryOf(table, now) }),
    },
    also: isUnconfirmed ? [COUNT_EFFECT] : [COUNT_EFFECT, ...REMOVE_MARKER],
    where: [is(table.states.processing), isClaimedBy(claimToken)],
  });
}

/** Moves the marker; no change of state. One of several sweepers succeeds. */
export function moveMarker(table: Table, id: string, seenOutboxAt: number, outboxAt: number): Statement {
  return update(table, id, { set: { outboxAt }, where: [isMarkedAt(seenOutboxAt)] });
}

/**
 * Notes that the sweeper has published the item's event; no change of state.
 * @param outboxAt to which that sweeper moved the marker
 * @param entry its path ends in its number, because the version stays. Absent for a row without a timeline.
 */
export function notePublication(
  table: Table,
  id: string,
  outboxAt: number,
  note: { sentAt: number; attempts: number; entry?: (TimelineEntry & { number: number }) | undefined },
): Statement {
  const set: Record<string, unknown> = { outboxAttempts: note.attempts, outboxSentAt: note.sentAt };
  if (note.entry) {
    const { name, number, ...attributes } = note.entry;
    set[entryPath(name, number)] = attributes;
  }
  return update(table, id, { set, where: [isMarkedAt(outboxAt)] });
}

/** Removes a consumer from the list. The last one removes the marker and starts the retention. No change of state. */
export function confirm(table: Table, id: string, { version, seen, left, now }: Confirmation): Statement {
  const { completed, failed } = table.states;
  const isLast = left.length === 0;
  return update(table, id, {
    set: isLast ? { outboxAttempts: 0, expiresAt: expiryOf(table, now) } : { awaiting: left.join(' ') },
    also: isLast ? [...REMOVE_MARKER, ...(seen === undefined ? [] : [REMOVE_AWAITING])] : [],
    where: [isEither(completed, failed), isAtVersion(version), isAwaiting(seen)],
  });
}

/**
 * completed, failed → the same: replaces attributes of an item that has no more work to do. The new version makes
 * consumers ignore late copies of the outcome's event. `set` must make a failure non-retriable.
 */
export function erase(
  table: Table,
  id: string,
  seen: Pick<WorkItem, 'version'>,
  { set, remove }: { set: { erasedOn: string } & Record<string, unknown>; remove: readonly string[] },
): Statement {
  return update(table, id, {
    set: { ...set, version: seen.version + 1 },
    also: remove.map((name) => `REMOVE "${name}"`),
    where: [isEither(table.states.completed, table.states.failed), isAtVersion(seen.version), isUnmarked],
  });
}

/** Replaces the attributes that identify an erased item's owner, once everything that belongs to it is erased. */
export function endErasure(table: Table, id: string, erasedOn: string, set: Record<string, unknown>): Statement {
  return update(table, id, { set, where: [isErasedOn(erasedOn)] });
}

/** completed, failed → –: deletes an item that has no more work to do. */
export function remove(table: Table, id: string, seen: Pick<WorkItem, 'version'>): Statement {
  const { completed, failed } = table.states;
  return deleteStatement(table, id, [isEither(completed, failed), isAtVersion(seen.version), isUnmarked]);
}
