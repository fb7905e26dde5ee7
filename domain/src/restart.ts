import type { Failure } from '@orderflow/contracts';
import { replayIdFor } from './ids.js';
import type { WorkItemRecord } from './work-item-record.js';

/** SQS id of the message that an item was given up with: its dead letter says that it was this one. */
export function deadLetterOf({ timeline, version }: Pick<WorkItemRecord, 'timeline' | 'version'>): string | undefined {
  const steps = Object.entries(timeline).filter(([name]) => name.startsWith('dead-lettered_'));
  return steps.find(([, step]) => step.version === version)?.[1].messageId;
}

/**
 * The replay that starts a failed item again from the item alone: that of its dead letter, where it has one, so that
 * both together start it once. Everyone who sees this version of the item gets the same id.
 */
export function restartIdFor(id: string, item: WorkItemRecord): string {
  const messageId = deadLetterOf(item);
  const ofLetter = messageId === undefined ? undefined : replayIdFor(messageId);
  return ofLetter !== undefined && ofLetter !== item.lastReplayId ? ofLetter : replayIdFor(`${id}:${item.version}`);
}

/** Why an item cannot be started again; undefined when it can. */
export function whyNotRestartable({ status, failure }: { status: string; failure?: Failure }): string | undefined {
  if (status !== 'FAILED') return `it is ${status}, and only what is FAILED can be started again`;
  if (failure?.retriable === true) return undefined;
  return failure ? `it was refused for good: ${failure.code}, ${failure.message}` : 'it failed without a reason';
}
