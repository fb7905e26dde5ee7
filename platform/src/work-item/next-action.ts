import { depthOf, type QueueCounts } from '../aws/queues.js';
import { isLeased } from './lease.js';
import type { SweeperOptions } from './swept-table.js';
import type { DueItem, WorkItem, WorkItemTable } from './work-item.js';

/** Attributes that `nextActionFor` reads. */
export const SWEPT_ATTRIBUTES: readonly (keyof WorkItem)[] = [
  'status',
  'version',
  'holder',
  'leaseUntil',
  'updatedAt',
  'outboxAt',
  'outboxAttempts',
  'outboxSentAt',
  'awaiting',
];

/**
 * What to do with an item whose marker is due. Its event was published at least once.
 *
 *     leased     a worker is working on it
 *     wait       the queue may still hold its message
 *     republish  its message is probably lost or expired
 *     count      the queue was empty, so its message is gone: republish, and count this in `outboxAttempts`
 *     give up    as `count`, but `maxAttempts` is reached and no worker has ever claimed it
 */
export type NextAction = 'leased' | 'wait' | 'republish' | 'count' | 'give up';

type Limits = Pick<SweeperOptions, 'queueGraceMs' | 'retentionMs' | 'leaseMs' | 'maxAttempts'>;

export type Circumstances = Limits & {
  table: WorkItemTable;
  /** Epoch ms. */
  now: number;
  /** The queue that receives the item's event, counted before the item was read. */
  queue: QueueCounts;
  /** The queue holds enough messages for this item and for all that became due later. */
  isCovered: boolean;
};

export function nextActionFor(item: DueItem, around: Circumstances): NextAction {
  const { table, now, queue, isCovered, queueGraceMs, retentionMs, leaseMs, maxAttempts } = around;
  if (item.status === table.states.processing && isLeased(item, now, leaseMs)) return 'leased';

  if (depthOf(queue) === 0) {
    const isUnclaimed = item.status === table.states.pending || item.holder === sweeperOf(String(item[table.key]));
    return isUnclaimed && item.outboxAttempts >= maxAttempts ? 'give up' : 'count';
  }
  const isPatient = now - item.outboxAt < queueGraceMs;
  const changedAt = Date.parse(item.updatedAt);
  const { outboxSentAt: sentAt = 0 } = item;
  const isBacklog = queue.visible + queue.delayed > 0;
  // One extra copy covers a message that was lost in the backlog. More copies would only make the backlog longer.
  if (isBacklog && sentAt >= changedAt) return now - sentAt < retentionMs ? 'wait' : 'republish';
  return isCovered && isPatient ? 'wait' : 'republish';
}

/** The holder of an item that the sweeper is giving up. */
export const sweeperOf = (id: string): string => `sweeper:${id}`;
