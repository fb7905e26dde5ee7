import type { Statement } from '../dynamodb/executor.js';
import type { TimelineEntry, WorkItem, WorkItemTable } from './work-item.js';

/**
 * Every change of state that an item of either table can go through, and the only place where one is written down. An
 * item is claimed by a message, worked on under a lease, and finished by the claim's owner:
 *
 *     insert        claim               finish                    confirm
 *   ───┬──────────────┬───────────────────┬─────────────────────────┬──────>
 *      │ waiting      │ working           │ completed | failed           │ marker removed
 *      │ marker set   │ lease ──────┐     │ effects + 1             (an outcome that nobody waits for: at the finish)
 *                     │             │ postpone: the claim token is given back, the message comes again
 *                     │             └ passed: take over (another message), in the version that was seen
 *                                                       failed, retriable: replay ──> working, marker set again
 *                                                                         restart ──> waiting, marker set again
 *
 * Each statement says in its condition which state it leaves and in which version it saw it, so that of any number of
 * concurrent attempts exactly one is applied. SETs never read what another SET of the statement writes: services differ
 * in which value they see.
 */
/** A request to work on an item. */
export type ClaimRequest = {
  /** SQS id of the message that asks. */
  messageId: string;
  /** New for every attempt: the owner's proof. */
  claimToken: string;
  now: number;
  leaseUntil: number;
  entry: TimelineEntry;
  /** Written with the claim, so that whatever ends the life comes after the last claim that may work in it. */
  givesUp?: boolean;
};

export type Outcome = {
  claimToken: string;
  /** The version that the claim wrote. */
  version: number;
  result: 'completed' | 'failed';
  now: number;
  /** Further attributes of the outcome, as `failure` or `sentAt`. */
  attributes: Record<string, unknown>;
  /** Epoch ms. Given, the marker stays, due then, until whoever the outcome's event is for has confirmed it. */
  outboxAt?: number;
  entries: readonly TimelineEntry[];
};

/** Bounds an item's timeline: from this version on, an entry overwrites the one of the same name before it. */
const MAX_ENTRY_VERSION = 60;

/** A condition: PartiQL text with its parameters. */
type Clause = { text: string; parameters: unknown[] };

const clause = (text: string, ...parameters: unknown[]): Clause => ({ text, parameters });
const iso = (epochMs: number): string => new Date(epochMs).toISOString();

function update(
  table: WorkItemTable,
  id: string,
  set: Record<string, unknown>,
  rest: string[],
  where: Clause[],
): Statement {
  const conditions = [clause(`"${table.key}" = ?`, id), ...where];
  return {
    key: id,
    text: [
      `UPDATE "${table.name}"`,
      ...Object.keys(set).map((path) => `SET ${path} = ?`),
      ...rest,
      `WHERE ${conditions.map(({ text }) => text).join(' AND ')}`,
    ].join(' '),
    parameters: [...Object.values(set), ...conditions.flatMap(({ parameters }) => parameters)],
  };
}

/** The timeline's share of a statement that leads to this version. A repeated statement overwrites its own entry. */
function timelineAttributes(version: number, entries: readonly TimelineEntry[]): Record<string, unknown> {
  const suffix = Math.min(version, MAX_ENTRY_VERSION);
  return Object.fromEntries(
    entries.map(({ name, ...attributes }) => [`"timeline"."${name}_${suffix}"`, { ...attributes, version }] as const),
  );
}

function claimAttributes(
  table: WorkItemTable,
  request: ClaimRequest,
  version: number,
  life: string,
): Record<string, unknown> {
  return {
    '"status"': table.states.processing,
    '"version"': version,
    '"holder"': request.messageId,
    '"claimToken"': request.claimToken,
    '"leaseUntil"': request.leaseUntil,
    '"updatedAt"': iso(request.now),
    ...(request.givesUp ? { '"givenUpLife"': life } : {}),
    ...timelineAttributes(version, [request.entry]),
  };
}

/** – → pending. Refused when the item exists. Attributes that are undefined are left out. */
export function insert(table: WorkItemTable, item: Record<string, unknown>): Statement {
  const present = Object.entries(item).filter(([, value]) => value !== undefined);
  return {
    key: String(item[table.key]),
    text: `INSERT INTO "${table.name}" VALUE {${present.map(([name]) => `'${name}': ?`).join(', ')}}`,
    parameters: present.map(([, value]) => value),
  };
}

/** pending, processing → processing, by the item's first message or by the same message again. */
export function claim(
  table: WorkItemTable,
  id: string,
  request: ClaimRequest,
  seen: Pick<WorkItem, 'version' | 'lastReplayId'>,
): Statement {
  const { pending, processing } = table.states;
  return update(
    table,
    id,
    claimAttributes(table, request, seen.version + 1, seen.lastReplayId),
    [],
    [
      clause('"status" IN [?, ?]', pending, processing),
      clause('"holder" IN [?, ?]', '', request.messageId),
      clause('"version" = ?', seen.version),
    ],
  );
}

/** processing → processing, by another message, which has seen that the lease has passed; every claim makes a new version. */
export function takeOver(table: WorkItemTable, id: string, request: ClaimRequest, seen: WorkItem): Statement {
  return update(
    table,
    id,
    claimAttributes(table, request, seen.version + 1, seen.lastReplayId),
    [],
    [
      clause('"status" = ?', table.states.processing),
      clause('"claimToken" = ?', seen.claimToken),
      clause('"version" = ?', seen.version),
    ],
  );
}

/** How both ways out of a failure begin a new life: with an outcome of its own, and a marker. */
function newLife(marker: { replayId: string; outboxShard: number; outboxAt: number }): Record<string, unknown> {
  return {
    '"lastReplayId"': marker.replayId,
    '"effects"': 0,
    '"outboxShard"': marker.outboxShard,
    '"outboxAt"': marker.outboxAt,
    '"outboxAttempts"': 0,
  };
}

const REMOVE_FAILURE = ['REMOVE "failure"', 'REMOVE "outcomeTraceparent"'];

/** failed (retriable) → processing, once per replay id: a new life, with its own outcome. */
export function replay(
  table: WorkItemTable,
  id: string,
  request: ClaimRequest,
  seen: WorkItem,
  marker: { replayId: string; outboxShard: number; outboxAt: number },
): Statement {
  const attributes = {
    ...claimAttributes(table, request, seen.version + 1, marker.replayId),
    ...newLife(marker),
    ...timelineAttributes(seen.version + 1, [{ name: 'replayed', at: iso(request.now), messageId: request.messageId }]),
  };
  return update(table, id, attributes, REMOVE_FAILURE, [
    clause('"status" = ?', table.states.failed),
    clause('"failure"."retriable" = ?', true),
    clause('"lastReplayId" <> ?', marker.replayId),
    clause('"version" = ?', seen.version),
  ]);
}

/** failed (retriable) → pending, by an operator, from the item alone: whatever message comes first claims it. */
export function restart(
  table: WorkItemTable,
  id: string,
  seen: Pick<WorkItem, 'version'>,
  { now, ...marker }: { now: number; replayId: string; outboxShard: number; outboxAt: number },
): Statement {
  const version = seen.version + 1;
  const attributes = {
    '"status"': table.states.pending,
    '"version"': version,
    '"holder"': '',
    '"claimToken"': '',
    '"leaseUntil"': 0,
    '"updatedAt"': iso(now),
    ...newLife(marker),
    ...timelineAttributes(version, [{ name: 'replayed', at: iso(now) }]),
  };
  return update(table, id, attributes, REMOVE_FAILURE, [
    clause('"status" = ?', table.states.failed),
    clause('"failure"."retriable" = ?', true),
    clause('"version" = ?', seen.version),
  ]);
}

/** processing → processing, by the owner of the claim, who gives up for now: nothing late of that attempt can finish the item. */
export function postpone(
  table: WorkItemTable,
  id: string,
  { claimToken, version, now, entry }: Pick<Outcome, 'claimToken' | 'version' | 'now'> & { entry: TimelineEntry },
): Statement {
  const attributes = {
    '"claimToken"': '',
    '"version"': version + 1,
    '"updatedAt"': iso(now),
    ...timelineAttributes(version + 1, [entry]),
  };
  return update(
    table,
    id,
    attributes,
    [],
    [clause('"status" = ?', table.states.processing), clause('"claimToken" = ?', claimToken)],
  );
}

const REMOVE_MARKER = ['REMOVE "outboxShard"', 'REMOVE "outboxAt"'];

/** processing → completed | failed, by the owner of the claim only. */
export function finish(table: WorkItemTable, id: string, outcome: Outcome): Statement {
  const attributes = {
    '"status"': table.states[outcome.result],
    '"version"': outcome.version + 1,
    '"updatedAt"': iso(outcome.now),
    ...timelineAttributes(outcome.version + 1, outcome.entries),
    ...Object.fromEntries(Object.entries(outcome.attributes).map(([name, value]) => [`"${name}"`, value])),
  };
  const counted = ['SET "effects" = "effects" + 1'];
  const marker = outcome.outboxAt === undefined ? {} : { '"outboxAt"': outcome.outboxAt, '"outboxAttempts"': 0 };
  const rest = outcome.outboxAt === undefined ? [...counted, ...REMOVE_MARKER] : counted;
  return update(table, id, { ...attributes, ...marker }, rest, [
    clause('"status" = ?', table.states.processing),
    clause('"claimToken" = ?', outcome.claimToken),
  ]);
}

/** The marker becomes due at another time; no change of state. Of several sweepers one moves it. */
export function moveMarker(table: WorkItemTable, id: string, seenOutboxAt: number, outboxAt: number): Statement {
  return update(table, id, { '"outboxAt"': outboxAt }, [], [clause('"outboxAt" = ?', seenOutboxAt)]);
}

/**
 * The sweeper has published the item's event; no change of state.
 * @param outboxAt where that sweeper has put the marker
 * @param entry its key ends in its number: the version stays. Absent for a row that has no timeline.
 */
export function notePublication(
  table: WorkItemTable,
  id: string,
  outboxAt: number,
  { sentAt, attempts, entry }: { sentAt: number; attempts: number; entry?: TimelineEntry & { number: number } },
): Statement {
  const attributes: Record<string, unknown> = { '"outboxAttempts"': attempts, '"outboxSentAt"': sentAt };
  if (entry) {
    const { name, number, ...stored } = entry;
    attributes[`"timeline"."${name}_${Math.min(number, MAX_ENTRY_VERSION)}"`] = stored;
  }
  return update(table, id, attributes, [], [clause('"outboxAt" = ?', outboxAt)]);
}

/** The marker goes, because the event of the outcome in this version has arrived; no change of state. */
export function confirm(table: WorkItemTable, id: string, outcomeVersion: number): Statement {
  const { completed, failed } = table.states;
  return update(table, id, { '"outboxAttempts"': 0 }, REMOVE_MARKER, [
    clause('"status" IN [?, ?]', completed, failed),
    clause('"version" = ?', outcomeVersion),
  ]);
}
