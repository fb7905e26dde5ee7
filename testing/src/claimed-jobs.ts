import {
  claimItem,
  finishItem,
  type ClaimOptions,
  type ClaimResult,
  type Ownership,
} from '@orderflow/platform/work-item/claim';
import { createStatementExecutor, type StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { LEASE_SKEW_MS } from '@orderflow/platform/work-item/lease';
import { insert, postpone } from '@orderflow/platform/work-item/transitions';
import type { TimelineEntry, WorkItemTable } from '@orderflow/platform/work-item/work-item';
import { createFakeAws } from './aws/fake-aws.js';
import { keyedTable } from './aws/fake-table.js';
import { INSERTED_ITEM, THINGS } from './work-item-table.js';

export const LEASE_MS = 30_000;
/** By the clock of the message that takes over. */
export const PASSED_MS = LEASE_MS + LEASE_SKEW_MS + 1;
export const TABLE: WorkItemTable = { ...THINGS, name: 'jobs', key: 'jobId', confirmedBy: [] };
export const INSERTED = { ...INSERTED_ITEM, jobId: 'j1', outboxAt: 5_000 };
export const RETRIABLE = { code: 'LATER', message: 'later', retriable: true };

/** A table with one pending job, and its claims by messages. @param accepted further attributes of the job */
export async function createJobs(accepted: { contentHash?: string } = {}) {
  const { dynamo } = createFakeAws({
    tables: [keyedTable('jobs', 'jobId')],
  });
  const time = { ms: 1_000_000 };
  const executor = createStatementExecutor(dynamo);
  await executor.execute(insert(TABLE, { ...INSERTED, ...accepted }));

  const claimWith = (
    messageId: string,
    { by = executor, ...options }: Partial<ClaimOptions> & { by?: StatementExecutor } = {},
  ) =>
    claimItem(
      { executor: by, table: TABLE, now: () => time.ms, leaseMs: LEASE_MS, markerDelayMs: 7_000 },
      { id: 'j1', messageId, entry: { name: 'received', messageId }, ...options },
    );
  const claim = (messageId: string, replayId?: string, by: StatementExecutor = executor, givesUp = false) =>
    claimWith(messageId, { replayId, by, givesUp });
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
    claimWith,
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
