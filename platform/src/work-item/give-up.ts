import type { Clock } from '../runtime/clock.js';
import { claimItem, finishItem } from './claim.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import type { TableReader } from '../dynamodb/table-reader.js';
import type { Lifecycle } from './transitions.js';
import { sweeperOf, type MarkedItem } from './next-action.js';

type GivingUp = {
  table: { lifecycle: Lifecycle; reader: TableReader };
  leaseMs: number;
  /** Epoch ms. Given, the marker stays, due then, until somebody confirms the outcome. */
  outboxAt?: number;
};

/**
 * Ends an item that no worker has ever claimed. An operator's replay can start it again.
 * @returns the item as it then stands; undefined when a worker has claimed it after all
 */
export async function giveUp(
  { table: { lifecycle, reader }, leaseMs, outboxAt }: GivingUp,
  { outboxAttempts, ...item }: MarkedItem,
  { executor, now }: { executor: StatementExecutor; now: Clock },
): Promise<Record<string, unknown> | undefined> {
  const id = String(item[lifecycle.key]);
  const at = now();
  const entry = { at: new Date(at).toISOString() };
  const claim = await claimItem(
    executor,
    lifecycle,
    {
      id,
      messageId: sweeperOf(id),
      leaseMs,
      step: { name: 'undelivered', entry },
      marker: { outboxShard: 0, delayMs: 0 },
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
  const marker = outboxAt === undefined ? {} : { outboxAt };
  const steps = [{ name: lifecycle.states.failed.toLowerCase(), entry }];
  const outcome = { result: 'failed', now: at, attributes, steps, ...marker } as const;
  if (!(await finishItem(executor, lifecycle, claim.ownership, outcome))) return undefined;
  return reader.get(id);
}
