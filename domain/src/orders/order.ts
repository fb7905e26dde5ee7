import type { CreateOrderRequest, Order, OrderItem, OrderStatus } from '@orderflow/contracts';
import { storedFailure } from '../failure.js';
import { listBucketOf, newWorkItem, type WorkItemRecord } from '../work-item-record.js';

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

type NewOrder = {
  orderId: string;
  request: CreateOrderRequest;
  requestHash: string;
  correlationId: string;
  traceparent?: string;
  now: number;
  /** Epoch ms at which the marker becomes due. */
  outboxAt: number;
};

/** A plain object: DynamoDB's marshaller takes no class instances. */
export function toPlainItem({ productId, productName, quantity, unitPrice }: OrderItem): OrderItem {
  return { productId, productName, quantity, unitPrice };
}

/** A new order, as its insert writes it. */
export function newOrderRecord({ orderId, request, now, outboxAt, ...context }: NewOrder): OrderRecord {
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
  const { orderId, status, version, customerId, items, totalAmount } = record;
  const { createdAt, updatedAt, correlationId, failure } = record;
  return {
    orderId,
    status,
    version,
    customerId,
    items: items.map(toPlainItem),
    totalAmount,
    createdAt,
    updatedAt,
    correlationId,
    ...(failure && status === ORDER_STATES.failed ? { failure: storedFailure(failure) } : {}),
  };
}

/** A stored order as it was when it was accepted, whatever happened since. */
export function toAcceptedOrder(record: OrderRecord): Order {
  return toOrder({ ...record, status: ORDER_STATES.pending, version: 1, updatedAt: record.createdAt });
}
