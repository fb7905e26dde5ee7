import type { DynamoDb } from '../aws/clients.js';
import { createBatchingReader } from '../dynamodb/batching-reader.js';
import { createTableReader, type Projection } from '../dynamodb/table-reader.js';
import type { OutgoingEvent } from '../events/publisher.js';
import { PermanentError } from '../runtime/errors.js';
import { isFinished, type WorkItem, type WorkItemTable } from './work-item.js';

/** An outcome as an event reports it. */
export type ReportedOutcome = {
  /** The event's type. */
  type: string;
  /** The item's version once the outcome is written. */
  version: number;
  /** Hash of the received event's data. */
  contentHash: string | undefined;
};

export type StoredOutcome =
  /** The item has this outcome: its own event. */
  | { kind: 'same'; event: OutgoingEvent }
  /** The item has changed since. */
  | { kind: 'superseded' }
  /** The item never had this outcome, or not with this content. */
  | { kind: 'differs' };

/** Compares a reported outcome with the stored item. Anyone who may write to the bus can report one. */
export function compareOutcome(
  table: Pick<WorkItemTable, 'states' | 'outcomeEventOf'>,
  item: Record<string, unknown>,
  { type, version, contentHash }: ReportedOutcome,
): StoredOutcome {
  const seen = item as WorkItem;
  if (seen.version > version) return { kind: 'superseded' };
  const event = seen.version === version && isFinished(table, seen) ? table.outcomeEventOf(item) : undefined;
  const isSame = event?.type === type && event.detail.metadata.contentHash === contentHash;
  return isSame ? { kind: 'same', event } : { kind: 'differs' };
}

/**
 * The event of an item's outcome, built from the stored item; undefined if the item has changed since.
 * @throws PermanentError UNKNOWN_ITEM, or EVENT_MISMATCH when the stored item does not have the reported outcome
 */
export type BelieveOutcome = (id: string, reported: ReportedOutcome) => Promise<OutgoingEvent | undefined>;

/**
 * For the consumers of a table's outcomes. Reads share calls.
 * @param attributes what the table's `outcomeEventOf` needs
 */
export function createBelieveOutcome(dynamo: DynamoDb, table: WorkItemTable, attributes: Projection): BelieveOutcome {
  const read = createBatchingReader(createTableReader(dynamo, table), table.key, attributes);
  return async (id, reported) => {
    const item = await read(id);
    const path = `detail.data.${table.key}`;
    if (!item) throw new PermanentError('UNKNOWN_ITEM', `${table.name} has no item ${id}`, { path });
    const stored = compareOutcome(table, item, reported);
    if (stored.kind === 'differs') {
      const { version, status } = item as WorkItem;
      const message = `${id} does not have this outcome: ${table.name} has it as ${status}, version ${version}`;
      throw new PermanentError('EVENT_MISMATCH', message, { path: 'detail.data' });
    }
    return stored.kind === 'same' ? stored.event : undefined;
  };
}
