import type { Clock } from '../clock.js';
import { claimItem, finishItem } from '../statements/claim.js';
import type { StatementExecutor } from '../statements/executor.js';
import type { Lifecycle } from '../statements/transitions.js';

type GivingUp = {
  lifecycle: Lifecycle;
  leaseMs: number;
  /** Epoch ms. Given, the marker stays, due then, until somebody confirms the outcome. */
  outboxAt?: number;
};

/**
 * The item ends failed, and an operator's replay can start it again.
 * @returns the item as it then stands; undefined when somebody works on it after all
 */
export async function giveUp(
  { lifecycle, leaseMs, outboxAt }: GivingUp,
  item: Record<string, unknown>,
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
      messageId: `sweeper:${id}`,
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
      message: 'No worker finished it, however often it was published; replay it once the cause is mended.',
      retriable: true,
    },
  };
  const marker = outboxAt === undefined ? {} : { outboxAt };
  const steps = [{ name: lifecycle.states.failed.toLowerCase(), entry }];
  const outcome = { result: 'failed', now: at, attributes, steps, ...marker } as const;
  if (!(await finishItem(executor, lifecycle, claim.ownership, outcome))) return undefined;
  return {
    ...item,
    ...attributes,
    status: lifecycle.states.failed,
    version: claim.ownership.version + 1,
    updatedAt: new Date(at).toISOString(),
  };
}
