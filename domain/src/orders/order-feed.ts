import { FOLLOWED_ORDER, isFollowedOrder } from '../readable-item.js';
import { listBucketsOf, listMonthOf } from '../work-item-record.js';
import { ORDER_STATES, type OrderRecord } from './order.js';
import { ORDER_INDEXES, ORDER_KEY } from './orders-table.js';

/** How a follower finds new orders, and which ones it need not read again. */
export const ORDER_FEED = {
  key: ORDER_KEY,
  projection: FOLLOWED_ORDER,
  index: {
    ...ORDER_INDEXES.byTime,
    partitionsAt: (epochMs: number): string[] => listBucketsOf(listMonthOf(new Date(epochMs).toISOString())),
  },
  isFinished: (item: Record<string, unknown>): boolean => {
    const { status, failure } = item as OrderRecord;
    return status === ORDER_STATES.completed || (status === ORDER_STATES.failed && failure?.retriable !== true);
  },
  /** A failed order may be replayed, and a malformed one repaired. */
  isResting: (item: Record<string, unknown>): boolean => item.status === ORDER_STATES.failed || !isFollowedOrder(item),
};
