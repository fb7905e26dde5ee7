import { randomUUID } from 'node:crypto';
import type { Clock } from '../runtime/clock.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import { isLeased } from './lease.js';
import * as transitions from './transitions.js';
import { isFinished, type TimelineEntry, type WorkItem, type WorkItemTable } from './work-item.js';

type ClaimOptions = {
  id: string;
  messageId: string;
  /** Set when the message is an operator's replay. */
  replayId?: string;
  leaseMs: number;
  entry: TimelineEntry;
  /** The work is given up: no later claim of this life may begin it again. */
  givesUp?: boolean;
  /** Ms after which the marker of a replayed item becomes due. */
  markerDelayMs: number;
};

/** The right to finish an item. */
export type Ownership = { id: string; claimToken: string; version: number };

export type ClaimResult =
  | {
      kind: 'claimed';
      ownership: Ownership;
      /** '' in the first life, then the id of the replay that began it: the same for every claim of one life. */
      life: string;
      /** This claim gives the life up, or an earlier one has. */
      isGivenUp: boolean;
    }
  /** It has its outcome already; the item tells which. */
  | { kind: 'finished'; item: Record<string, unknown> }
  /** Another message works on it. */
  | { kind: 'held' }
  /** No such item. */
  | { kind: 'unknown' };

/** Another process may win the race for an item a few times in a row, but not for ever: each win moves it on. */
const MAX_RACES = 5;

/** Nearly every claim meets the item as its insert left it, so the first attempt assumes that and reads nothing. */
const AS_INSERTED = { version: 1, holder: '', lastReplayId: '' } as const;

/**
 * Claims an item for a message, or tells why not. A refused statement returns the item, and the next attempt is made
 * against what was seen.
 */
export async function claimItem(
  executor: StatementExecutor,
  table: WorkItemTable,
  options: ClaimOptions,
  now: Clock,
): Promise<ClaimResult> {
  const { id, messageId, replayId, leaseMs, entry, givesUp = false } = options;
  const claimToken = randomUUID();
  const requestAt = (at: number): transitions.ClaimRequest => ({
    ...{ messageId, claimToken, now: at, leaseUntil: at + leaseMs, entry, givesUp },
  });

  let version: number = AS_INSERTED.version;
  let life: string = AS_INSERTED.lastReplayId;
  let isGivenUp = givesUp;
  let statement = transitions.claim(table, id, requestAt(now()), { version, lastReplayId: life });
  for (let race = 0; race < MAX_RACES; race++) {
    const result = await executor.execute(statement);
    if (result.applied)
      return { kind: 'claimed', ownership: { id, claimToken, version: version + 1 }, life, isGivenUp };
    if (!result.item) return { kind: 'unknown' };

    // Not earlier: a lease that began while the answer was under way would seem to end later than one from now could.
    const at = now();
    const request = requestAt(at);
    const seen = result.item as WorkItem;
    version = seen.version;
    life = seen.lastReplayId;
    isGivenUp = givesUp || seen.givenUpLife === life;
    if (seen.claimToken === claimToken) {
      // An attempt whose answer was lost had been applied.
      return { kind: 'claimed', ownership: { id, claimToken, version }, life, isGivenUp };
    }
    if (isFinished(table, seen)) {
      // '' names the first life: no replay may begin that one again.
      const isNew = replayId !== undefined && replayId !== '' && replayId !== seen.lastReplayId;
      const mayReplay = seen.failure?.retriable === true && isNew;
      if (!mayReplay) return { kind: 'finished', item: result.item };
      const marker = { replayId, outboxShard: table.outbox.shardOf(id), outboxAt: at + options.markerDelayMs };
      life = replayId;
      isGivenUp = givesUp;
      statement = transitions.replay(table, id, request, seen, marker);
    } else if (seen.holder === '' || seen.holder === messageId) {
      statement = transitions.claim(table, id, request, seen);
    } else if (isLeased(seen, at, leaseMs)) {
      return { kind: 'held' };
    } else {
      statement = transitions.takeOver(table, id, request, seen);
    }
  }
  throw new Error('the item changed hands too often while it was being claimed');
}

/**
 * Writes the outcome of a claimed item.
 * @returns false when the claim is no longer this owner's: somebody else took over and will finish it.
 */
export async function finishItem(
  executor: StatementExecutor,
  table: WorkItemTable,
  ownership: Ownership,
  outcome: Pick<transitions.Outcome, 'result' | 'now' | 'attributes' | 'outboxAt' | 'entries'>,
): Promise<boolean> {
  const { id, claimToken, version } = ownership;
  const result = await executor.execute(transitions.finish(table, id, { ...outcome, claimToken, version }));
  if (result.applied) return true;
  const seen = result.item as WorkItem | undefined;
  // An attempt whose answer was lost had been applied: nobody but the owner finishes under this token.
  return seen?.claimToken === claimToken && seen.status === table.states[outcome.result];
}

/** Gives the claim back until the message comes again. Refused when somebody has taken over, who knows better. */
export async function postponeItem(
  executor: StatementExecutor,
  table: WorkItemTable,
  { id, claimToken, version }: Ownership,
  reason: { now: number; entry: TimelineEntry },
): Promise<void> {
  await executor.execute(transitions.postpone(table, id, { claimToken, version, ...reason }));
}
