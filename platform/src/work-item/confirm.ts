import type { StatementExecutor } from '../dynamodb/executor.js';
import type { TableReader } from '../dynamodb/table-reader.js';
import type { OutboxIndex } from './outbox-index.js';
import { confirm } from './transitions.js';
import { awaitingOf, isFinished, type Awaited, type WorkItem, type WorkItemTable } from './work-item.js';

/** The consumers that have not confirmed the outcome of a finished item with a marker. */
function awaitedBy({ firstConsumer }: Awaited, { awaiting }: Pick<WorkItem, 'awaiting'>): string[] {
  const names = typeof awaiting === 'string' ? awaiting : firstConsumer;
  return names?.split(' ') ?? [];
}

/** The same, without consumers that are no longer listed: no item waits for those. */
export function missingConsumers(table: Awaited, item: Pick<WorkItem, 'awaiting'>): string[] {
  return awaitedBy(table, item).filter((consumer) => table.confirmedBy.includes(consumer));
}

/** Looks at the oldest outcomes with markers due before `before` (epoch ms). @returns the consumers that they wait for */
export async function readLateConsumers(
  table: WorkItemTable,
  index: Pick<OutboxIndex, 'due'>,
  reader: Pick<TableReader, 'getMany'>,
  before: number,
): Promise<string[]> {
  const items = (await reader.getMany(await index.due(before), ['status', 'awaiting'])) as WorkItem[];
  const outcomes = items.filter((item) => isFinished(table, item));
  return [...new Set(outcomes.flatMap((item) => missingConsumers(table, item)))];
}

/**
 * Records that the outcome's event has reached a consumer, which has stored what it has to do. The last confirmation
 * removes the marker. The first attempt assumes that no consumer has confirmed yet; a refused statement returns the
 * item. A statement is applied only if its list equals the stored one, so of two concurrent ones, one sees the other.
 *
 * @param outcome.version the version that the outcome wrote
 * @param outcome.now epoch ms, the start of the retention period
 */
export async function confirmOutcome(
  executor: StatementExecutor,
  table: WorkItemTable,
  consumer: string,
  { id, version, now }: { id: string; version: number; now: number },
): Promise<void> {
  if (!table.confirmedBy.includes(consumer)) throw new Error(`no outcome of ${table.name} waits for ${consumer}`);
  let seen = awaitingOf(table);
  let awaited = [...table.confirmedBy];
  while (awaited.includes(consumer)) {
    const left = awaited.filter((name) => name !== consumer);
    const result = await executor.execute(confirm(table, id, { version, seen, left, now }));
    if (result.applied) return;
    const item = result.item as WorkItem | undefined;
    // Everyone has confirmed it, or a replay has started a new life.
    if (item?.version !== version || !isFinished(table, item) || item.outboxAt === undefined) return;
    if (item.awaiting === seen) throw new Error('an outcome cannot be confirmed: its row has changed by hand');
    seen = item.awaiting;
    awaited = awaitedBy(table, item);
  }
}
