import type { TableReader } from '../dynamodb/table-reader.js';
import { claimItem, finishItem, type WorkItemStore } from './claim.js';
import { sweeperOf } from './next-action.js';
import type { DueItem } from './work-item.js';

/**
 * Ends an item that no worker has ever claimed. An operator's replay can start it again.
 * @returns the item as stored afterwards; undefined when a worker has claimed it after all
 */
export async function giveUp(
  store: WorkItemStore,
  reader: TableReader,
  { outboxAttempts, ...item }: DueItem,
): Promise<Record<string, unknown> | undefined> {
  const { table, markerDelayMs } = store;
  const id = String(item[table.key]);
  const at = store.now();
  const iso = new Date(at).toISOString();
  const entry = { name: 'undelivered', at: iso };
  const claim = await claimItem(store, { id, messageId: sweeperOf(id), entry });
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
  if (!(await finishItem(store, claim.ownership, outcome))) return undefined;
  return reader.get(id);
}
