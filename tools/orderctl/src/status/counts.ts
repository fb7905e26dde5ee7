import { workItemTables } from '@orderflow/domain/work-item-tables';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import type { ConnectedSystem } from '../connect.js';
import { scanTable } from '../scan-table.js';
import type { Noted } from './status.js';

export type StatusCounts = Noted<{ table: string; total: number; byStatus: Record<string, number> }>;

/** Counts items by status. Eventually consistent. */
async function countTable(
  { aws }: ConnectedSystem,
  table: string,
  onRead: (table: string, total: number) => void,
): Promise<StatusCounts> {
  const byStatus: Record<string, number> = {};
  let total = 0;
  try {
    for await (const page of scanTable(aws.dynamo, table, ['status'], { lagging: true })) {
      for (const { status } of page) {
        const name = typeof status === 'string' ? status : 'without';
        byStatus[name] = (byStatus[name] ?? 0) + 1;
      }
      total += page.length;
      onRead(table, total);
    }
  } catch (error) {
    if (isTopologyMissing(error)) return { table, total, byStatus, attention: 'the table is missing' };
    throw error;
  }
  return { table, total, byStatus };
}

/** Scans one table after the other. */
export async function countByStatus(
  system: ConnectedSystem,
  onRead: (table: string, total: number) => void,
): Promise<StatusCounts[]> {
  const counts: StatusCounts[] = [];
  for (const { name } of Object.values(workItemTables(system.names))) {
    counts.push(await countTable(system, name, onRead));
  }
  return counts;
}
