import type { CreateOrderRequest, Order, OrderItem, OrderStatus } from '@orderflow/contracts';
import { storedFailure } from '../failure.js';
import { pick } from '../pick.js';
import { listBucketOf, newWorkItem, type Accepted, type WorkItemRecord } from '../work-item-record.js';

/** The orders' words for the states of a work item. Outcomes are written by `finish` in platform/src/work-item/transitions.ts. */
export const ORDER_STATES = {
  pending: 'PENDING',
  processing: 'PROCESSING',
  completed: 'COMPLETED',
  failed: 'FAILED',
} as const satisfies Record<string, OrderStatus>;

/** A stored order. */
export type OrderRecord = WorkItemRecord & {
  orderId: string;
  status: OrderStatus;
  customerId: string;
  items: OrderItem[];
  totalAmount: number;
  listBucket: string;
};

/** A plain object: DynamoDB's marshaller takes no class instances. */
export function toPlainItem({ productId, productName, quantity, unitPrice }: OrderItem): OrderItem {
  return { productId, productName, quantity, unitPrice };
}

/** A new order, as its insert writes it. */
export function newOrderRecord(order: Accepted<CreateOrderRequest> & { orderId: string }): OrderRecord {
  const { orderId, request, now, outboxAt, ...context } = order;
  const workItem = newWorkItem(orderId, ORDER_STATES.pending, { now, outboxAt });
  return {
    orderId,
    ...workItem,
    customerId: request.customerId,
    items: request.items.map(toPlainItem),
    totalAmount: request.totalAmount,
    listBucket: listBucketOf(workItem.createdAt, orderId),
    ...context,
  };
}

/** What clients see of a stored order. */
export function toOrder(record: OrderRecord): Order {
  const { status, items, failure } = record;
  return {
    ...pick(record, 'orderId', 'status', 'version', 'customerId'),
    items: items.map(toPlainItem),
    ...pick(record, 'totalAmount', 'createdAt', 'updatedAt', 'correlationId'),
    ...(failure && status === ORDER_STATES.failed ? { failure: storedFailure(failure) } : {}),
  };
}

/** A stored order as it was when it was accepted, whatever happened since. */
export function toAcceptedOrder(record: OrderRecord): Order {
  return toOrder({ ...record, status: ORDER_STATES.pending, version: 1, updatedAt: record.createdAt });
}
