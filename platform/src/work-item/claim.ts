import { randomUUID } from 'node:crypto';
import type { Clock } from '../runtime/clock.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import { isLeased } from './lease.js';
import * as transitions from './transitions.js';
import { isFinished, type ClaimRequest, type Outcome, type WorkItem, type WorkItemTable } from './work-item.js';

/** The stored work items of one table, and the rules by which a process claims them. */
export type WorkItemStore = {
  executor: StatementExecutor;
  table: WorkItemTable;
  now: Clock;
  leaseMs: number;
  /** Ms after which the sweeper looks at a replayed item, or at an outcome that is not confirmed yet. */
  markerDelayMs: number;
};

export type ClaimOptions = Pick<ClaimRequest, 'messageId' | 'entry' | 'givesUp'> & {
  id: string;
  /** Set when an operator replayed the message. */
  replayId?: string | undefined;
  /** Of the event that asks for the work: only the item that it describes may be claimed. Absent: nothing is compared. */
  contentHash?: string | undefined;
};

/** Proof of a claim: the right to finish the item. */
export type Ownership = { id: string; claimToken: string; version: number };

export type ClaimResult =
  | {
      kind: 'claimed';
      ownership: Ownership;
      /** '' in the first life, then the id of the replay that started it: the same for every claim of one life. */
      life: string;
      /** This claim, or an earlier one, gave the life up. */
      isGivenUp: boolean;
    }
  /** It already has an outcome: see the item. */
  | { kind: 'finished'; item: Record<string, unknown> }
  /** Another message is working on it. */
  | { kind: 'leased' }
  /** No such item. */
  | { kind: 'unknown' }
  /** The item was accepted with other content than the event has. */
  | { kind: 'mismatch' };

/** Other processes can win the race for an item a few times in a row, but not forever: each win changes its state. */
const MAX_RACES = 5;

/**
 * Claims an item for a message, or says why it cannot. The first statement assumes that the item is as its insert left it,
 * which saves a read. A refused statement returns the item, and the next one uses that. An item without a content hash
 * was written by an older version; its event is believed.
 */
export async function claimItem(
  { executor, table, now, leaseMs, markerDelayMs }: WorkItemStore,
  { id, messageId, replayId, contentHash, entry, givesUp = false }: ClaimOptions,
): Promise<ClaimResult> {
  const claimToken = randomUUID();
  let expected: ClaimRequest['contentHash'] = contentHash;
  const requestAt = (at: number): ClaimRequest => {
    return { messageId, claimToken, now: at, leaseUntil: at + leaseMs, entry, contentHash: expected, givesUp };
  };

  let version = 1;
  let life = '';
  let isGivenUp = givesUp;
  let statement = transitions.claim(table, id, requestAt(now()), { version, lastReplayId: life });
  for (let race = 0; race < MAX_RACES; race++) {
    const result = await executor.execute(statement);
    if (result.applied)
      return { kind: 'claimed', ownership: { id, claimToken, version: version + 1 }, life, isGivenUp };
    if (!result.item) return { kind: 'unknown' };

    const seen = result.item as WorkItem;
    if (contentHash !== undefined) {
      if (seen.contentHash !== undefined && seen.contentHash !== contentHash) return { kind: 'mismatch' };
      expected = seen.contentHash ?? null;
    }
    // Read the clock after the item: otherwise a lease that began in between would seem to end too late.
    const at = now();
    const request = requestAt(at);
    version = seen.version;
    life = seen.lastReplayId;
    isGivenUp = givesUp || seen.givenUpLife === life;
    if (seen.claimToken === claimToken) {
      // This claim was applied, but its answer was lost.
      return { kind: 'claimed', ownership: { id, claimToken, version }, life, isGivenUp };
    }
    if (isFinished(table, seen)) {
      // '' names the first life, which no replay may start again.
      const isNew = replayId !== undefined && replayId !== '' && replayId !== seen.lastReplayId;
      const mayReplay = seen.failure?.retriable === true && isNew;
      if (!mayReplay) return { kind: 'finished', item: result.item };
      const marker = { replayId, outboxShard: table.outbox.shardOf(id), outboxAt: at + markerDelayMs };
      life = replayId;
      isGivenUp = givesUp;
      statement = transitions.replay(table, id, request, seen, marker);
    } else if (seen.holder === '' || seen.holder === messageId) {
      statement = transitions.claim(table, id, request, seen);
    } else if (isLeased(seen, at, leaseMs)) {
      return { kind: 'leased' };
    } else {
      statement = transitions.takeOver(table, id, request, seen);
    }
  }
  throw new Error('the item changed hands too often while it was being claimed');
}

/**
 * Writes the outcome of a claimed item.
 * @returns false when another message has taken over, and will finish the item
 */
export async function finishItem(
  { executor, table }: Pick<WorkItemStore, 'executor' | 'table'>,
  { id, claimToken, version }: Ownership,
  outcome: Pick<Outcome, 'result' | 'now' | 'attributes' | 'outboxAt' | 'entries'>,
): Promise<boolean> {
  const result = await executor.execute(transitions.finish(table, id, { ...outcome, claimToken, version }));
  if (result.applied) return true;
  const seen = result.item as WorkItem | undefined;
  // It was applied, but the answer was lost: only the owner finishes under this token.
  return seen?.claimToken === claimToken && seen.status === table.states[outcome.result];
}
