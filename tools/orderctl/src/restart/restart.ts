import { deadLetterOf, restartIdFor, whyNotRestartable } from '@orderflow/domain/restart';
import { outboxShardOf } from '@orderflow/domain/stored-item';
import { createEventPublisher } from '@orderflow/platform/events/publisher';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { restartItem } from '@orderflow/platform/work-item/restart';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { ConnectedSystem } from '../connect.js';
import { reasonOf } from '../outage.js';
import type { Item, Subject } from './subjects.js';

/** What became of the wish to start an item again. */
export type Restarted = {
  result: 'replayed' | 'would-replay' | 'refused' | 'failed';
  id: string;
  /** In a sentence for people. */
  why: string;
  replayId?: string;
  /** Id of its dead letter, which may still lie in the queue. */
  deadLetter?: string;
  error?: unknown;
};

/** Ms after which the sweeper brings an item on whose event was lost. */
const MARKER_DELAY_MS = 5_000;

/** Starts items again, one at a time, each from its item alone: whether it has a dead letter does not matter. */
export function createRestart({ aws, names }: ConnectedSystem, subject: Subject, now: () => number, dryRun: boolean) {
  const { what, lifecycle, eventOf } = subject;
  const reader = createTableReader(aws.dynamo, lifecycle.table, lifecycle.key);
  const executor = createStatementExecutor(aws.dynamo);
  const publisher = createEventPublisher(aws.eventBridge, { bus: names.bus });

  async function publish(item: Item): Promise<string> {
    try {
      await publisher.publish(eventOf(item));
      return 'its event is published';
    } catch (error) {
      return `its event could not be published (${reasonOf(error)}), so the sweeper does that`;
    }
  }

  async function restart(id: string): Promise<Restarted> {
    const seen = (await reader.get(id)) as Item | undefined;
    if (!seen) return { result: 'refused', id, why: `there is no ${what} with this id` };
    const refusal = whyNotRestartable(seen);
    if (refusal !== undefined) return { result: 'refused', id, why: refusal };

    const replayId = restartIdFor(id, seen);
    const messageId = deadLetterOf(seen);
    const about = { id, replayId, deadLetter: messageId };
    const was = `was FAILED, ${seen.failure?.code ?? ''}`;
    if (dryRun) return { result: 'would-replay', ...about, why: was };
    const request = { seen, replayId, outboxShard: outboxShardOf(id), markerDelayMs: MARKER_DELAY_MS };
    const result = await restartItem(executor, lifecycle, request, now);
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
