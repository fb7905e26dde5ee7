import type { Clock } from '../runtime/clock.js';
import { claimItem, finishItem } from './claim.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import type { TableReader } from '../dynamodb/table-reader.js';
import type { DueItem, WorkItemTable } from './work-item.js';
import { sweeperOf } from './next-action.js';

type GivingUp = {
  table: WorkItemTable;
  reader: TableReader;
  executor: StatementExecutor;
  now: Clock;
  leaseMs: number;
  /** Ms after which the marker of an outcome that waits for a confirmation is due. */
  markerDelayMs: number;
};

/**
 * Ends an item that no worker has ever claimed. An operator's replay can start it again.
 * @returns the item as stored afterwards; undefined when a worker has claimed it after all
 */
export async function giveUp(
  { table, reader, executor, now, leaseMs, markerDelayMs }: GivingUp,
  { outboxAttempts, ...item }: DueItem,
): Promise<Record<string, unknown> | undefined> {
  const id = String(item[table.key]);
  const at = now();
  const iso = new Date(at).toISOString();
  const claim = await claimItem(
    executor,
    table,
    {
      id,
      messageId: sweeperOf(id),
      leaseMs,
      entry: { name: 'undelivered', at: iso },
      markerDelayMs,
    },
    now,
  );
  if (claim.kind !== 'claimed') return undefined;

  const attributes = {
    failure: {
      code: 'UNDELIVERED',
      message: `No worker received it, although its event was published again ${outboxAttempts} times. Fix the cause, then replay it.`,
      retriable: true,
    },
  };
  const entries = [{ name: table.states.failed.toLowerCase(), at: iso }];
  const outcome = { result: 'failed', now: at, attributes, entries, outboxAt: at + markerDelayMs } as const;
  if (!(await finishItem(executor, table, claim.ownership, outcome))) return undefined;
  return reader.get(id);
}
