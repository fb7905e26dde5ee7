import { DescribeEventBusCommand } from '@aws-sdk/client-eventbridge';
import { queuesOf, rulesOf, type QueueState } from '@orderflow/contracts';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import { countQueue, depthOf, type QueueCounts } from '@orderflow/platform/aws/queues';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { readOutbox, readRule, type OutboxState, type RuleState } from '@orderflow/platform/health/checks';
import { readLateConsumers } from '@orderflow/platform/work-item/confirm';
import { createOutboxIndex } from '@orderflow/platform/work-item/outbox-index';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import type { ConnectedSystem } from '../connect.js';
import { scanTable } from '../scan-table.js';

/** What is wrong with a part of the system, and the command that helps. */
export type Noted<T> = T & { attention?: string; fix?: string };
/** A missing resource has only a name. */
export type CountsStatus = Noted<{ table: string; total?: number; byStatus?: Record<string, number> }>;
type QueueStatus = Noted<Pick<QueueState, 'name' | 'role'> & Partial<QueueCounts>>;
type OutboxStatus = Noted<{ table: string } & Partial<Omit<OutboxState, 'problem'>>>;

const DOCTOR = 'npm run doctor';

async function unlessMissing<T>(what: string, asked: Promise<T>): Promise<T | { attention: string; fix: string }> {
  try {
    return await asked;
  } catch (error) {
    if (isTopologyMissing(error)) return { attention: `the ${what} is missing`, fix: DOCTOR };
    throw error;
  }
}

/** Replaces the problem that a check found by the note of it. */
function noted<T extends { problem?: string }>({ problem, ...found }: T, fix: string) {
  return problem === undefined ? found : { ...found, attention: problem, fix };
}

function noteLetters(role: QueueState['role'], counts: QueueCounts): Noted<QueueCounts> {
  const depth = depthOf(counts);
  if (role === 'work' || depth === 0) return counts;
  const one = role === 'undelivered' ? 'undelivered event' : 'dead letter';
  const fix = `npm run dlq -- list${role === 'undelivered' ? ' --queue undelivered' : ''}`;
  return { ...counts, attention: `${depth} ${one}${depth === 1 ? '' : 's'}`, fix };
}

export function readQueues({ aws, names, urlOf }: ConnectedSystem): Promise<QueueStatus[]> {
  const read = async (name: string, role: QueueState['role']) =>
    noteLetters(role, await countQueue(aws.sqs, await urlOf(name)));
  return Promise.all(
    queuesOf(names).map(async ({ name, role }) => ({
      ...{ name, role },
      ...(await unlessMissing('queue', read(name, role))),
    })),
  );
}

export function readMarkers(
  { aws, names }: ConnectedSystem,
  now: number,
  toleranceMs: number,
): Promise<OutboxStatus[]> {
  const read = async (table: WorkItemTable) => {
    const index = createOutboxIndex(aws.dynamo, table);
    const state = await readOutbox(index, now, toleranceMs);
    if (state.problem === undefined) return state;
    const late = await readLateConsumers(table, index, createTableReader(aws.dynamo, table), now - toleranceMs);
    const problem = late.length > 0 ? `${state.problem}, not confirmed by ${late.join(' and ')}` : state.problem;
    return noted({ ...state, problem }, 'npm run audit');
  };
  const tables = Object.values(workItemTables(names));
  return Promise.all(
    tables.map(async (table) => ({ table: table.name, ...(await unlessMissing('table', read(table))) })),
  );
}

/** Counts items by status. Scans one table after the other, eventually consistent. */
export async function countItems(
  { aws, names }: ConnectedSystem,
  onRead: (table: string, total: number) => void,
): Promise<CountsStatus[]> {
  async function count(table: string) {
    const byStatus: Record<string, number> = {};
    let total = 0;
    for await (const page of scanTable(aws.dynamo, table, ['status'], { lagging: true })) {
      for (const { status } of page) {
        const name = typeof status === 'string' ? status : 'without';
        byStatus[name] = (byStatus[name] ?? 0) + 1;
      }
      total += page.length;
      onRead(table, total);
    }
    return { total, byStatus };
  }
  const counts: CountsStatus[] = [];
  for (const { name } of Object.values(workItemTables(names))) {
    counts.push({ table: name, ...(await unlessMissing('table', count(name))) });
  }
  return counts;
}

export async function readBus({
  aws,
  names: { bus: name },
}: ConnectedSystem): Promise<Noted<{ name: string; found: boolean }>> {
  const asked = aws.eventBridge.send(new DescribeEventBusCommand({ Name: name })).then(() => ({ found: true }));
  return { name, found: false, ...(await unlessMissing('bus', asked)) };
}

/** The rules that route events to the queues. `state` as in EventBridge, MISSING, or LEFT OUT for the optional one. */
export function readRules({ aws, names }: ConnectedSystem): Promise<Noted<RuleState & { name: string }>[]> {
  const { bus, orderOutcomesRule } = names;
  return Promise.all(
    rulesOf(names).map(async ({ rule, queue }) => {
      const found = await unlessMissing('rule', readRule(aws.eventBridge, { bus, rule, queue }));
      if ('state' in found) return { name: rule, ...noted(found, DOCTOR) };
      const absent = { name: rule, targets: [] };
      return rule === orderOutcomesRule ? { ...absent, state: 'LEFT OUT' } : { ...absent, state: 'MISSING', ...found };
    }),
  );
}
