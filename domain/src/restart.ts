import type { Failure } from '@orderflow/contracts';
import { replayIdFor } from './ids.js';
import type { WorkItemRecord } from './work-item-record.js';

/** SQS id of the dead-lettered message that ended the item; undefined when no dead letter did. */
export function deadLetterOf({ timeline, version }: Pick<WorkItemRecord, 'timeline' | 'version'>): string | undefined {
  const entries = Object.entries(timeline).filter(([name]) => name.startsWith('dead-lettered_'));
  return entries.find(([, entry]) => entry.version === version)?.[1].messageId;
}

/**
 * The id of the replay that restarts a failed item. If the item has a dead letter it is the id of that letter's replay, so
 * that replaying both starts the item once. Every reader of this version of the item gets the same id.
 */
export function restartIdFor(id: string, item: WorkItemRecord): string {
  const messageId = deadLetterOf(item);
  const ofLetter = messageId === undefined ? undefined : replayIdFor(messageId);
  return ofLetter !== undefined && ofLetter !== item.lastReplayId ? ofLetter : replayIdFor(`${id}:${item.version}`);
}

type Restartable = { status: string; failure?: Failure; erasedOn?: string };

/** Why an item cannot be started again; undefined when it can. */
export function whyNotRestartable({ status, failure, erasedOn }: Restartable): string | undefined {
  if (status !== 'FAILED') return `it is ${status}; only a FAILED item can be started again`;
  if (erasedOn !== undefined) return 'its personal data was erased, so it cannot be started again';
  if (failure?.retriable === true) return undefined;
  return failure ? `it was refused for good: ${failure.code}, ${failure.message}` : 'it failed without a reason';
}
