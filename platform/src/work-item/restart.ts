import type { Clock } from '../runtime/clock.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import { restart } from './transitions.js';
import type { WorkItem, WorkItemTable } from './work-item.js';

export type RestartRequest = {
  /** The item as it was seen. */
  seen: Record<string, unknown> & WorkItem;
  /** The new life's: a replay of the same id does not start another one. */
  replayId: string;
  /** Ms after which the sweeper brings the item on, should its event be lost. */
  markerDelayMs: number;
};

export type RestartResult =
  | { kind: 'restarted'; item: Record<string, unknown> }
  /** It has moved on, or cannot be started again; the item as it stands, unless it is gone. */
  | { kind: 'refused'; item: Record<string, unknown> | undefined };

/** Starts a failed item again, from the item alone. Whoever calls it publishes the item's event, or the sweeper does. */
export async function restartItem(
  executor: StatementExecutor,
  table: WorkItemTable,
  { seen, replayId, markerDelayMs }: RestartRequest,
  now: Clock,
): Promise<RestartResult> {
  const at = now();
  const id = String(seen[table.key]);
  const life = { now: at, replayId, outboxShard: table.outbox.shardOf(id), outboxAt: at + markerDelayMs };
  const result = await executor.execute(restart(table, id, seen, life));
  const { failure: _failure, outcomeTraceparent: _traceparent, ...kept } = seen;
  const item = {
    ...kept,
    status: table.states.pending,
    version: seen.version + 1,
    updatedAt: new Date(at).toISOString(),
    lastReplayId: replayId,
  };
  if (result.applied) return { kind: 'restarted', item };
  // An attempt whose answer was lost had been applied, or somebody else has started this very life: it is the same.
  const found = result.item as WorkItem | undefined;
  const isSame = found?.lastReplayId === replayId && found.version === item.version;
  return isSame ? { kind: 'restarted', item } : { kind: 'refused', item: result.item };
}
