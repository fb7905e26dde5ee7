import { workItemTables } from '@orderflow/domain/work-item-tables';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import { createOutboxIndex, type OutboxIndex } from '@orderflow/platform/work-item/outbox-index';
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

async function readTable(table: string, index: OutboxIndex, now: number, toleranceMs: number): Promise<OutboxStatus> {
  const markers = await index.count();
  const due = markers === 0 ? 0 : await index.count(now);
  if (due === 0) return { table, markers, due };
  const oldestDueMs = Math.max(0, now - (await index.oldestDueAt()));
  if (oldestDueMs <= toleranceMs) return { table, markers, due, oldestDueMs };
  const overdue = await index.count(now - toleranceMs);
  const attention = `${overdue} overdue: workers are behind, or away, or messages are lost; npm run ops -- audit says which`;
  return { table, markers, due, oldestDueMs, ...(overdue > 0 ? { attention } : {}) };
}

/** The outbox markers of all tables, from their eventually consistent indexes. */
export async function readOutbox(
  { aws, names }: ConnectedSystem,
  now: number,
  toleranceMs: number,
): Promise<OutboxStatus[]> {
  return Promise.all(
    Object.values(workItemTables(names)).map(async (table): Promise<OutboxStatus> => {
      try {
        return await readTable(table.name, createOutboxIndex(aws.dynamo, table), now, toleranceMs);
      } catch (error) {
        if (isTopologyMissing(error)) return { table: table.name, attention: 'the table is missing' };
        throw error;
      }
    }),
  );
}
