import { type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { deadLetterOf, restartIdFor, whyNotRestartable } from '@orderflow/domain/restart';
import { createEventPublisher } from '@orderflow/platform/events/publisher';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import { restartItem } from '@orderflow/platform/work-item/restart';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { ConnectedSystem } from '../connect.js';
import { reasonOf } from '../outage.js';

export type Kind = 'order' | 'notification';
export type Item = OrderRecord | NotificationRecord;

export type Restarted = {
  result: 'replayed' | 'would-replay' | 'refused' | 'failed';
  id: string;
  why: string;
  replayId?: string;
  /** Id of its dead letter, which may still be in the queue. */
  deadLetter?: string;
  error?: unknown;
};

/** Ms after which the sweeper republishes the event if it was lost. */
const MARKER_DELAY_MS = 5_000;

/** Restarts items from the stored item. A dead letter is not needed. */
export function createRestart(
  { aws, names }: ConnectedSystem,
  { kind, table, dryRun }: { kind: Kind; table: WorkItemTable; dryRun: boolean },
  now: () => number,
) {
  const reader = createTableReader(aws.dynamo, table);
  const executor = createStatementExecutor(aws.dynamo);
  const publisher = createEventPublisher(aws.eventBridge, { bus: names.bus });

  async function publish(item: Item): Promise<string> {
    try {
      await publisher.publish(table.createdEventOf(item));
      return 'its event is published';
    } catch (error) {
      return `its event could not be published (${reasonOf(error)}), so the sweeper will publish it`;
    }
  }

  async function restart(id: string): Promise<Restarted> {
    const seen = (await reader.get(id)) as Item | undefined;
    if (!seen) return { result: 'refused', id, why: `there is no ${kind} with this id` };
    const refusal = whyNotRestartable(seen);
    if (refusal !== undefined) return { result: 'refused', id, why: refusal };

    const replayId = restartIdFor(id, seen);
    const messageId = deadLetterOf(seen);
    const about = { id, replayId, deadLetter: messageId };
    const was = `was FAILED, ${seen.failure?.code ?? ''}`;
    if (dryRun) return { result: 'would-replay', ...about, why: was };
    const result = await restartItem(executor, table, { seen, replayId, markerDelayMs: MARKER_DELAY_MS }, now);
    if (result.kind === 'refused') {
      const found = result.item as Item | undefined;
      const state = found ? `it is ${found.status} now, version ${found.version}` : 'it is gone';
      return { result: 'refused', id, why: `somebody else changed it meanwhile: ${state}` };
    }
    return { result: 'replayed', ...about, why: `${was}; ${await publish(result.item as Item)}` };
  }

  return (id: string): Promise<Restarted> =>
    restart(id).catch((error: unknown): Restarted => ({ result: 'failed', id, why: reasonOf(error), error }));
}
