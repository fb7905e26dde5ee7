import type { LiveOrder, OrderStage, OrderStatus } from '@orderflow/contracts';
import type { FollowedOrder } from '../readable-item.js';
import { attemptsOf } from '../work-item-record.js';
import { ORDER_STATES } from './order.js';

/** @param isPublished whether the event of a pending order is known to be on the bus */
export function toLiveOrder(order: FollowedOrder, isPublished: boolean): LiveOrder {
  const { orderId, version, customerId, totalAmount, createdAt, updatedAt, status, failure, timeline } = order;
  const stages: Record<OrderStatus, OrderStage> = {
    [ORDER_STATES.pending]: isPublished ? 'queued' : 'accepted',
    [ORDER_STATES.processing]: 'processing',
    [ORDER_STATES.completed]: 'completed',
    [ORDER_STATES.failed]: 'failed',
  };
  return {
    orderId,
    stage: stages[status],
    version,
    customerId,
    totalAmount,
    createdAt,
    updatedAt,
    attempts: attemptsOf(timeline),
    deadLettered: status === ORDER_STATES.failed && failure?.code === 'RETRIES_EXHAUSTED',
    ...(failure && status === ORDER_STATES.failed ? { failureCode: failure.code } : {}),
  };
}
