import { claimItem, finishItem, type ClaimResult, type Ownership } from '@orderflow/platform/work-item/claim';
import { createStatementExecutor, type StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { LEASE_SKEW_MS } from '@orderflow/platform/work-item/lease';
import { insert, postpone } from '@orderflow/platform/work-item/transitions';
import type { TimelineEntry, WorkItemTable } from '@orderflow/platform/work-item/work-item';
import { createFakeAws } from './aws/fake-aws.js';
import { keyedTable } from './aws/fake-table.js';
import { THINGS } from './work-item-table.js';

export const LEASE_MS = 30_000;
/** By the clock of the message that takes over. */
export const PASSED_MS = LEASE_MS + LEASE_SKEW_MS + 1;
export const TABLE: WorkItemTable = { ...THINGS, name: 'jobs', key: 'jobId', confirmedBy: [] };
export const INSERTED = {
  jobId: 'j1',
  status: 'PENDING',
  version: 1,
  effects: 0,
  holder: '',
  claimToken: '',
  leaseUntil: 0,
  lastReplayId: '',
  timeline: {},
  outboxShard: 3,
  outboxAt: 5_000,
  outboxAttempts: 0,
};
export const RETRIABLE = { code: 'LATER', message: 'later', retriable: true };

/** A table with one pending job, and its claims by messages. */
export async function createJobs() {
  const { dynamo } = createFakeAws({
    tables: [keyedTable('jobs', 'jobId')],
  });
  const time = { ms: 1_000_000 };
  const executor = createStatementExecutor(dynamo);
  await executor.execute(insert(TABLE, INSERTED));

  const claim = (messageId: string, replayId?: string, by: StatementExecutor = executor, givesUp = false) =>
    claimItem(
      { executor: by, table: TABLE, now: () => time.ms, leaseMs: LEASE_MS, markerDelayMs: 7_000 },
      { id: 'j1', messageId, replayId, givesUp, entry: { name: 'received', messageId } },
    );
  const owned = (result: ClaimResult): Ownership => {
    if (result.kind !== 'claimed') throw new Error(`expected a claim, not ${result.kind}`);
    return result.ownership;
  };
  const finish = (
    ownership: Ownership,
    result: 'completed' | 'failed' = 'completed',
    attributes: Record<string, unknown> = {},
  ) =>
    finishItem({ executor, table: TABLE }, ownership, {
      result,
      now: time.ms,
      attributes,
      outboxAt: time.ms,
      entries: [{ name: result, at: 'then' }],
    });
  return {
    dynamo,
    executor,
    time,
    claim,
    owned,
    claimed: async (messageId: string, replayId?: string) => owned(await claim(messageId, replayId)),
    finish,
    postpone: (ownership: Ownership, reason: { now: number; entry: TimelineEntry }) =>
      executor.execute(postpone(TABLE, 'j1', { ...ownership, ...reason })),
    failRetriably: async (messageId: string, replayId?: string) =>
      finish(owned(await claim(messageId, replayId)), 'failed', { failure: RETRIABLE }),
    job: () => dynamo.item('jobs', { jobId: 'j1' })!,
  };
}
