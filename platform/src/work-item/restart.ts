import type { Clock } from '../runtime/clock.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import { restart } from './transitions.js';
import type { WorkItem, WorkItemTable } from './work-item.js';

export type RestartRequest = {
  /** The item as it was read. */
  seen: Record<string, unknown> & WorkItem;
  /** Names the new life: a replay with the same id does not start another. */
  replayId: string;
  /** Ms after which the sweeper republishes the item's event, in case it was lost. */
  markerDelayMs: number;
};

export type RestartResult =
  | { kind: 'restarted'; item: Record<string, unknown> }
  /** It changed, or cannot be started again. The item as stored, unless it is gone. */
  | { kind: 'refused'; item: Record<string, unknown> | undefined };

/** Starts a failed item again, from the item alone. The caller publishes the item's event; otherwise the sweeper does. */
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
  const { failure: _failure, outcomeTraceparent: _traceparent, expiresAt: _expiresAt, ...kept } = seen;
  const item = {
    ...kept,
    status: table.states.pending,
    version: seen.version + 1,
    updatedAt: new Date(at).toISOString(),
    lastReplayId: replayId,
  };
  if (result.applied) return { kind: 'restarted', item };
  // An attempt was applied and its answer lost, or another process has started this very life.
  const found = result.item as WorkItem | undefined;
  const isSame = found?.lastReplayId === replayId && found.version === item.version;
  return isSame ? { kind: 'restarted', item } : { kind: 'refused', item: result.item };
}
