import type { Statement } from '../dynamodb/executor.js';

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
export type Lifecycle = {
  table: string;
  /** Name of the partition key. */
  key: string;
  states: { pending: string; processing: string; completed: string; failed: string };
};

/** The attributes by which an item's state is judged. */
export type ClaimableItem = {
  status: string;
  version: number;
  holder: string;
  claimToken: string;
  /** Epoch ms. */
  leaseUntil: number;
  /** Names the item's present life: '' in the first, then the replay that began it. */
  lastReplayId: string;
  /** The life whose work is given up. Once it is the present one, a claim may only end it. */
  givenUpLife?: string;
  failure?: { retriable: boolean };
};

/** What happened, for the item's timeline. */
export type Step = { name: string; entry: Record<string, unknown> };

/** A wish to work on an item. */
export type Claim = {
  /** SQS id of the message that asks. */
  messageId: string;
  /** New for every attempt: the owner's proof. */
  claimToken: string;
  now: number;
  leaseUntil: number;
  step: Step;
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
  steps: readonly Step[];
};

/** Bounds an item's timeline: from this version on, a step overwrites the one of the same name before it. */
const MAX_STEP_VERSION = 60;

/** A condition: PartiQL text with its parameters. */
type Clause = { text: string; parameters: unknown[] };

const clause = (text: string, ...parameters: unknown[]): Clause => ({ text, parameters });
const iso = (epochMs: number): string => new Date(epochMs).toISOString();

function update(
  lifecycle: Lifecycle,
  id: string,
  set: Record<string, unknown>,
  rest: string[],
  where: Clause[],
): Statement {
  const conditions = [clause(`"${lifecycle.key}" = ?`, id), ...where];
  return {
    key: id,
    text: [
      `UPDATE "${lifecycle.table}"`,
      ...Object.keys(set).map((path) => `SET ${path} = ?`),
      ...rest,
      `WHERE ${conditions.map(({ text }) => text).join(' AND ')}`,
    ].join(' '),
    parameters: [...Object.values(set), ...conditions.flatMap(({ parameters }) => parameters)],
  };
}

/** The timeline's share of a statement that leads to this version. A repeated statement overwrites its own step. */
function timelineAttributes(version: number, steps: readonly Step[]): Record<string, unknown> {
  const suffix = Math.min(version, MAX_STEP_VERSION);
  return Object.fromEntries(
    steps.map(({ name, entry }) => [`"timeline"."${name}_${suffix}"`, { ...entry, version }] as const),
  );
}

function claimAttributes(lifecycle: Lifecycle, claim: Claim, version: number, life: string): Record<string, unknown> {
  return {
    '"status"': lifecycle.states.processing,
    '"version"': version,
    '"holder"': claim.messageId,
    '"claimToken"': claim.claimToken,
    '"leaseUntil"': claim.leaseUntil,
    '"updatedAt"': iso(claim.now),
    ...(claim.givesUp ? { '"givenUpLife"': life } : {}),
    ...timelineAttributes(version, [claim.step]),
  };
}

/** – → pending. Refused when the item exists. Attributes that are undefined are left out. */
export function insert(lifecycle: Lifecycle, item: Record<string, unknown>): Statement {
  const present = Object.entries(item).filter(([, value]) => value !== undefined);
  return {
    key: String(item[lifecycle.key]),
    text: `INSERT INTO "${lifecycle.table}" VALUE {${present.map(([name]) => `'${name}': ?`).join(', ')}}`,
    parameters: present.map(([, value]) => value),
  };
}

/** pending, processing → processing, by the item's first message or by the same message again. */
export function claim(
  lifecycle: Lifecycle,
  id: string,
  wish: Claim,
  seen: Pick<ClaimableItem, 'version' | 'lastReplayId'>,
): Statement {
  const { pending, processing } = lifecycle.states;
  return update(
    lifecycle,
    id,
    claimAttributes(lifecycle, wish, seen.version + 1, seen.lastReplayId),
    [],
    [
      clause('"status" IN [?, ?]', pending, processing),
      clause('"holder" IN [?, ?]', '', wish.messageId),
      clause('"version" = ?', seen.version),
    ],
  );
}

/** processing → processing, by another message, which has seen that the lease has passed; every claim makes a new version. */
export function takeOver(lifecycle: Lifecycle, id: string, wish: Claim, seen: ClaimableItem): Statement {
  return update(
    lifecycle,
    id,
    claimAttributes(lifecycle, wish, seen.version + 1, seen.lastReplayId),
    [],
    [
      clause('"status" = ?', lifecycle.states.processing),
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
  lifecycle: Lifecycle,
  id: string,
  wish: Claim,
  seen: ClaimableItem,
  marker: { replayId: string; outboxShard: number; outboxAt: number },
): Statement {
  const attributes = {
    ...claimAttributes(lifecycle, wish, seen.version + 1, marker.replayId),
    ...newLife(marker),
    ...timelineAttributes(seen.version + 1, [
      { name: 'replayed', entry: { at: iso(wish.now), messageId: wish.messageId } },
    ]),
  };
  return update(lifecycle, id, attributes, REMOVE_FAILURE, [
    clause('"status" = ?', lifecycle.states.failed),
    clause('"failure"."retriable" = ?', true),
    clause('"lastReplayId" <> ?', marker.replayId),
    clause('"version" = ?', seen.version),
  ]);
}

/** failed (retriable) → pending, by an operator, from the item alone: whatever message comes first claims it. */
export function restart(
  lifecycle: Lifecycle,
  id: string,
  seen: Pick<ClaimableItem, 'version'>,
  { now, ...marker }: { now: number; replayId: string; outboxShard: number; outboxAt: number },
): Statement {
  const version = seen.version + 1;
  const attributes = {
    '"status"': lifecycle.states.pending,
    '"version"': version,
    '"holder"': '',
    '"claimToken"': '',
    '"leaseUntil"': 0,
    '"updatedAt"': iso(now),
    ...newLife(marker),
    ...timelineAttributes(version, [{ name: 'replayed', entry: { at: iso(now) } }]),
  };
  return update(lifecycle, id, attributes, REMOVE_FAILURE, [
    clause('"status" = ?', lifecycle.states.failed),
    clause('"failure"."retriable" = ?', true),
    clause('"version" = ?', seen.version),
  ]);
}

/** processing → processing, by the owner of the claim, who gives up for now: nothing late of that attempt can finish the item. */
export function postpone(
  lifecycle: Lifecycle,
  id: string,
  { claimToken, version, now, step }: Pick<Outcome, 'claimToken' | 'version' | 'now'> & { step: Step },
): Statement {
  const attributes = {
    '"claimToken"': '',
    '"version"': version + 1,
    '"updatedAt"': iso(now),
    ...timelineAttributes(version + 1, [step]),
  };
  return update(
    lifecycle,
    id,
    attributes,
    [],
    [clause('"status" = ?', lifecycle.states.processing), clause('"claimToken" = ?', claimToken)],
  );
}

const REMOVE_MARKER = ['REMOVE "outboxShard"', 'REMOVE "outboxAt"'];

/** processing → completed | failed, by the owner of the claim only. */
export function finish(lifecycle: Lifecycle, id: string, outcome: Outcome): Statement {
  const attributes = {
    '"status"': lifecycle.states[outcome.result],
    '"version"': outcome.version + 1,
    '"updatedAt"': iso(outcome.now),
    ...timelineAttributes(outcome.version + 1, outcome.steps),
    ...Object.fromEntries(Object.entries(outcome.attributes).map(([name, value]) => [`"${name}"`, value])),
  };
  const counted = ['SET "effects" = "effects" + 1'];
  const marker = outcome.outboxAt === undefined ? {} : { '"outboxAt"': outcome.outboxAt, '"outboxAttempts"': 0 };
  const rest = outcome.outboxAt === undefined ? [...counted, ...REMOVE_MARKER] : counted;
  return update(lifecycle, id, { ...attributes, ...marker }, rest, [
    clause('"status" = ?', lifecycle.states.processing),
    clause('"claimToken" = ?', outcome.claimToken),
  ]);
}

/** The marker becomes due at another time; no change of state. Of several sweepers one moves it. */
export function moveMarker(lifecycle: Lifecycle, id: string, seenOutboxAt: number, outboxAt: number): Statement {
  return update(lifecycle, id, { '"outboxAt"': outboxAt }, [], [clause('"outboxAt" = ?', seenOutboxAt)]);
}

/**
 * The sweeper has published the item's event; no change of state.
 * @param outboxAt where that sweeper has put the marker
 * @param step its key ends in its number: the version stays. Absent for a row that has no timeline.
 */
export function notePublication(
  lifecycle: Lifecycle,
  id: string,
  outboxAt: number,
  { sentAt, attempts, step }: { sentAt: number; attempts: number; step?: Step & { number: number } },
): Statement {
  const attributes = {
    '"outboxAttempts"': attempts,
    '"outboxSentAt"': sentAt,
    ...(step ? { [`"timeline"."${step.name}_${Math.min(step.number, MAX_STEP_VERSION)}"`]: step.entry } : {}),
  };
  return update(lifecycle, id, attributes, [], [clause('"outboxAt" = ?', outboxAt)]);
}

/** The marker goes, because the event of the outcome in this version has arrived; no change of state. */
export function confirm(lifecycle: Lifecycle, id: string, outcomeVersion: number): Statement {
  const { completed, failed } = lifecycle.states;
  return update(lifecycle, id, { '"outboxAttempts"': 0 }, REMOVE_MARKER, [
    clause('"status" IN [?, ?]', completed, failed),
    clause('"version" = ?', outcomeVersion),
  ]);
}
