import type { CreateOrderRequest, Order, OrderItem, OrderStatus } from '@orderflow/contracts';
import { storedFailure } from '../failure.js';
import { createdAtIdOf, listBucketOf, outboxShardOf, type WorkItemRecord } from '../work-item-record.js';

/** The order's words for the states of a work item. */
export const ORDER_STATES = {
  pending: 'PENDING',
  processing: 'PROCESSING',
  completed: 'COMPLETED',
  failed: 'FAILED',
} as const satisfies Record<string, OrderStatus>;

/** An order as it stands in the table. */
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

/** The item that the insert of a new order writes: PENDING, unclaimed, with its outbox marker. */
export function newOrderRecord({ orderId, request, now, outboxAt, ...context }: NewOrder): OrderRecord {
  const createdAt = new Date(now).toISOString();
  return {
    orderId,
    status: ORDER_STATES.pending,
    version: 1,
    effects: 0,
    customerId: request.customerId,
    items: request.items.map(toPlainItem),
    totalAmount: request.totalAmount,
    createdAt,
    updatedAt: createdAt,
    holder: '',
    claimToken: '',
    leaseUntil: 0,
    lastReplayId: '',
    timeline: { accepted: { at: createdAt, version: 1 } },
    createdAtId: createdAtIdOf(createdAt, orderId),
    listBucket: listBucketOf(createdAt, orderId),
    outboxShard: outboxShardOf(orderId),
    outboxAt,
    outboxAttempts: 0,
    ...context,
  };
}

/** What of a stored order its readers see. */
export function toOrder(record: OrderRecord): Order {
  const { orderId, status, version, customerId, items, totalAmount, createdAt, updatedAt, correlationId } = record;
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
    ...(record.failure && status === ORDER_STATES.failed ? { failure: storedFailure(record.failure) } : {}),
  };
}

/** A stored order as it was when it was accepted, whatever has happened to it since. */
export function toAcceptedOrder(record: OrderRecord): Order {
  return toOrder({ ...record, status: ORDER_STATES.pending, version: 1, updatedAt: record.createdAt });
}
