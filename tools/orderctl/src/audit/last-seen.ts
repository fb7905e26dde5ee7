import { attemptsOf, type WorkItemRecord } from '@orderflow/domain/work-item-record';
import type { LastSeen } from './report.js';

/** A row that was written by hand may lack a timeline. */
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

export function lastSeenOf(item: WorkItemRecord & { status: string }): LastSeen {
  const steps = Object.entries(isObject(item.timeline) ? item.timeline : {}).sort(
    ([, left], [, right]) => (left.version ?? 1) - (right.version ?? 1) || (left.at < right.at ? -1 : 1),
  );
  const [step, entry] = steps.at(-1) ?? ['none', { at: item.updatedAt }];
  const worker = steps.findLast(([, { worker: host }]) => host !== undefined)?.[1].worker;
  return {
    step: step.replace(/_\d+$/, ''),
    at: entry.at,
    status: item.status,
    version: item.version,
    holder: item.holder,
    worker,
    attempts: attemptsOf(Object.fromEntries(steps)),
    republished: item.outboxAttempts,
  };
}
