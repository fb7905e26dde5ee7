import { depthOf, type QueueCounts } from '../aws/queue-counts.js';
import { isLeased } from './lease.js';
import type { DueItem, WorkItemTable } from './work-item.js';

/** Attributes that `nextActionFor` reads. */
export const SWEPT_ATTRIBUTES = [
  ...['status', 'version', 'holder', 'leaseUntil', 'updatedAt'],
  ...['outboxAt', 'outboxAttempts', 'outboxSentAt', 'awaiting'],
];

/**
 * What to do with an item whose marker is due. Its event was published at least once.
 *
 *     leased     a worker is working on it
 *     wait       the queue may still hold its message
 *     republish  its message is probably lost or expired; this does not count as an attempt
 *     retry      the queue was empty, so its message is gone: republish, and count an attempt
 *     give up    as retry, but the attempts are used up and no worker has ever claimed it
 */
export type NextAction = 'leased' | 'wait' | 'republish' | 'retry' | 'give up';

export type Circumstances = {
  table: WorkItemTable;
  /** Epoch ms. */
  now: number;
  /** The queue that receives the item's event, counted before the item was read. */
  queue: QueueCounts;
  /** The queue holds enough messages for this item and for all that became due later. */
  isCovered: boolean;
  queueGraceMs: number;
  /** How long the queue keeps a message. */
  retentionMs: number;
  leaseMs: number;
  /** Infinity for an outcome: a consumer still needs it. */
  maxAttempts: number;
};

export function nextActionFor(item: DueItem, around: Circumstances): NextAction {
  const { table, now, queue, isCovered, queueGraceMs, retentionMs, leaseMs, maxAttempts } = around;
  if (item.status === table.states.processing && isLeased(item, now, leaseMs)) return 'leased';

  if (depthOf(queue) === 0) {
    const isUnclaimed = item.status === table.states.pending || item.holder === sweeperOf(String(item[table.key]));
    return isUnclaimed && item.outboxAttempts >= maxAttempts ? 'give up' : 'retry';
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
