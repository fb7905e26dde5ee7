import { setTimeout as pause } from 'node:timers/promises';
import { WORK_QUEUES, workQueueNames, type Table, type WorkQueue } from '@orderflow/contracts';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { countQueue, depthOf } from '@orderflow/platform/aws/queues';
import { createOutboxIndex } from '@orderflow/platform/work-item/outbox-index';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

/** Remaining work of a system. */
export type Remaining = {
  /** Messages of each queue: visible, in flight, delayed. */
  messages: Record<WorkQueue, number>;
  /** Items of each table with an outbox marker. */
  markers: Record<Table, number>;
};

const LOOK_EVERY_MS = 250;
/** A message between bus and queue is briefly in neither. */
const LOOKS = 2;

/** The sum of counts. */
export const total = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Reads directly from the emulator, so that no fault hides work. */
export async function remainingWork({ aws, names, urlOf }: ConnectedSystem): Promise<Remaining> {
  const messagesIn = async (queue: string): Promise<number> => depthOf(await countQueue(aws.sqs, await urlOf(queue)));
  const markersIn = (table: WorkItemTable): Promise<number> => createOutboxIndex(aws.dynamo, table).count();
  const [messages, markers] = await Promise.all([
    Promise.all(
      WORK_QUEUES.map(async (queue) => [queue, await messagesIn(workQueueNames(names, queue).name)] as const),
    ),
    Promise.all(
      Object.entries(workItemTables(names)).map(async ([key, table]) => [key, await markersIn(table)] as const),
    ),
  ]);
  return { messages: Object.fromEntries(messages), markers: Object.fromEntries(markers) } as Remaining;
}

/**
 * Waits until all work is done.
 * @returns how long it took in ms; undefined if work is left after `withinMs`
 */
export async function waitForQuiet(operator: ConnectedSystem, withinMs: number): Promise<number | undefined> {
  const startedAt = performance.now();
  let quietLooks = 0;
  let quietSince = 0;
  for (;;) {
    const remaining = await remainingWork(operator);
    const elapsedMs = performance.now() - startedAt;
    if (total(remaining.messages) + total(remaining.markers) > 0) quietLooks = 0;
    else if (++quietLooks === 1) quietSince = elapsedMs;
    if (quietLooks === LOOKS) return Math.round(quietSince);
    if (elapsedMs > withinMs) return undefined;
    await pause(LOOK_EVERY_MS);
  }
}
