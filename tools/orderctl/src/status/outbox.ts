import { workItemTables } from '@orderflow/domain/work-item-tables';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { readLateConsumers } from '@orderflow/platform/work-item/confirm';
import { createOutboxIndex } from '@orderflow/platform/work-item/outbox-index';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import type { ConnectedSystem } from '../connect.js';
import type { Noted } from './status.js';

export type OutboxStatus = Noted<{
  table: string;
  /** Items with a marker. */
  markers?: number;
  /** Items with a due marker. */
  due?: number;
  /** How long the oldest has been due. Absent without due markers. */
  oldestDueMs?: number;
}>;

async function readTable(
  { aws }: ConnectedSystem,
  described: WorkItemTable,
  now: number,
  toleranceMs: number,
): Promise<OutboxStatus> {
  const { name: table } = described;
  const index = createOutboxIndex(aws.dynamo, described);
  const markers = await index.count();
  const due = markers === 0 ? 0 : await index.count(now);
  if (due === 0) return { table, markers, due };
  const oldestDueMs = Math.max(0, now - (await index.oldestDueAt()));
  if (oldestDueMs <= toleranceMs) return { table, markers, due, oldestDueMs };
  const overdue = await index.count(now - toleranceMs);
  const late = await readLateConsumers(described, index, createTableReader(aws.dynamo, described), now - toleranceMs);
  const by = late.length > 0 ? `, not confirmed by ${late.join(' and ')}` : '';
  const attention = `${overdue} overdue${by}: workers are behind, or away, or messages are lost; npm run ops -- audit says which`;
  return { table, markers, due, oldestDueMs, ...(overdue > 0 ? { attention } : {}) };
}

/** The outbox markers of all tables, from their eventually consistent indexes. */
export async function readOutbox(system: ConnectedSystem, now: number, toleranceMs: number): Promise<OutboxStatus[]> {
  const { names } = system;
  return Promise.all(
    Object.values(workItemTables(names)).map(async (table): Promise<OutboxStatus> => {
      try {
        return await readTable(system, table, now, toleranceMs);
      } catch (error) {
        if (isTopologyMissing(error)) return { table: table.name, attention: 'the table is missing' };
        throw error;
      }
    }),
  );
}
