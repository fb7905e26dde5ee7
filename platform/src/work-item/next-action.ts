import { depthOf, type QueueCounts } from '../aws/queue-counts.js';
import { isLeased } from './lease.js';
import type { DueItem, WorkItemTable } from './work-item.js';

/** Attributes that `nextActionFor` reads. */
export const SWEPT_ATTRIBUTES = [
  ...['status', 'version', 'holder', 'leaseUntil', 'updatedAt'],
  ...['outboxAt', 'outboxAttempts', 'outboxSentAt'],
];

/**
 * What to do with an item whose marker is due. Its event was published at least once:
 *
 *     leased     a worker holds it
 *     wait       the queue may still hold its message
 *     republish  its message is probably lost, or has expired; this says nothing about the item
 *     retry      the queue was seen empty, so its message is gone: republish, and count an attempt
 *     give up    the same, as often as the limit allows, and no worker has ever claimed it
 */
export type NextAction = 'leased' | 'wait' | 'republish' | 'retry' | 'give up';

export type Circumstances = {
  table: WorkItemTable;
  /** Epoch ms. */
  now: number;
  /** The queue that the item's event ends up in, counted before the item was read. */
  queue: QueueCounts;
  /** There are at least as many messages as items that have been due for less time than this one. */
  isCovered: boolean;
  queueGraceMs: number;
  /** How long the queue keeps a message. */
  retentionMs: number;
  leaseMs: number;
  /** Infinity: an outcome, which somebody waits for. */
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
  // A second copy is insurance against a message that was lost in the backlog. More copies would only make it longer.
  if (isBacklog && sentAt >= changedAt) return now - sentAt < retentionMs ? 'wait' : 'republish';
  return isCovered && isPatient ? 'wait' : 'republish';
}

/** Holder of an item that the sweeper is giving up. */
export const sweeperOf = (id: string): string => `sweeper:${id}`;
