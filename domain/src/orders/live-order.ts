import type { LiveOrder, OrderStage, OrderStatus } from '@orderflow/contracts';
import type { FollowedOrder } from '../readable-item.js';
import { pick } from '../pick.js';
import { attemptsOf } from '../work-item-record.js';
import { ORDER_STATES } from './order.js';

/** @param isPublished whether the event of a pending order is known to be on the bus */
export function toLiveOrder(order: FollowedOrder, isPublished: boolean): LiveOrder {
  const { orderId, status, failure, timeline } = order;
  const stages: Record<OrderStatus, OrderStage> = {
    [ORDER_STATES.pending]: isPublished ? 'queued' : 'accepted',
    [ORDER_STATES.processing]: 'processing',
    [ORDER_STATES.completed]: 'completed',
    [ORDER_STATES.failed]: 'failed',
  };
  const failureCode = status === ORDER_STATES.failed ? failure?.code : undefined;
  return {
    orderId,
    stage: stages[status],
    ...pick(order, 'version', 'customerId', 'totalAmount', 'createdAt', 'updatedAt'),
    attempts: attemptsOf(timeline),
    deadLettered: failureCode === 'RETRIES_EXHAUSTED',
    failureCode,
  };
}
