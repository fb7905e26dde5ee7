import {
  OrderCompletedEvent,
  OrderCreatedEvent,
  OrderFailedEvent,
  type EventMetadata,
  type OutgoingEvent,
} from '@orderflow/contracts';
import { contextOf, outcomeContextOf } from '../event-context.js';
import { storedFailure } from '../failure.js';
import { eventIdFor } from '../ids.js';
import { ORDER_STATES, toPlainItem, type OrderRecord } from './order.js';

/** The attributes that an outcome's event needs. */
export type OrderOutcomeFields = Pick<
  OrderRecord,
  | 'orderId'
  | 'customerId'
  | 'totalAmount'
  | 'status'
  | 'version'
  | 'updatedAt'
  | 'failure'
  | 'correlationId'
  | 'traceparent'
  | 'outcomeTraceparent'
>;

/**
 * Built only from attributes that the insert wrote, so it is the same event, byte for byte, in every state of the order.
 * DynamoDB returns the keys of a map in any order, so nested objects are rebuilt.
 */
export function orderCreated(order: OrderRecord): OutgoingEvent<OrderCreatedEvent> {
  const { orderId, customerId, items, totalAmount, createdAt } = order;
  const metadata: EventMetadata = {
    eventId: eventIdFor(orderId, OrderCreatedEvent.type, 1),
    version: OrderCreatedEvent.version,
    occurredAt: createdAt,
    ...contextOf(order),
  };
  return {
    source: OrderCreatedEvent.source,
    type: OrderCreatedEvent.type,
    detail: { metadata, data: { orderId, customerId, items: items.map(toPlainItem), totalAmount, createdAt } },
  };
}

/** The event of the outcome in the order's present life; undefined without an outcome. */
export function orderOutcome(
  order: OrderOutcomeFields,
): OutgoingEvent<OrderCompletedEvent | OrderFailedEvent> | undefined {
  const { orderId, customerId, totalAmount, updatedAt, version } = order;
  const metadataOf = (event: { type: string; version: number }): EventMetadata => ({
    eventId: eventIdFor(orderId, event.type, version),
    version: event.version,
    occurredAt: updatedAt,
    ...outcomeContextOf(order),
    causationId: eventIdFor(orderId, OrderCreatedEvent.type, 1),
  });
  if (order.status === ORDER_STATES.completed) {
    const data = { orderId, customerId, totalAmount, orderVersion: version, completedAt: updatedAt };
    return {
      source: OrderCompletedEvent.source,
      type: OrderCompletedEvent.type,
      detail: { metadata: metadataOf(OrderCompletedEvent), data },
    };
  }
  if (order.status === ORDER_STATES.failed && order.failure) {
    const data = {
      orderId,
      customerId,
      failure: storedFailure(order.failure),
      orderVersion: version,
      failedAt: updatedAt,
    };
    return {
      source: OrderFailedEvent.source,
      type: OrderFailedEvent.type,
      detail: { metadata: metadataOf(OrderFailedEvent), data },
    };
  }
  return undefined;
}
