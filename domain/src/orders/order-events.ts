import { OrderCompletedEvent, OrderCreatedEvent, OrderFailedEvent, type OutgoingEvent } from '@orderflow/contracts';
import { storedFailure } from '../failure.js';
import { eventIdFor } from '../ids.js';
import { itemEvent, OUTCOME_FIELDS, outcomeContextOf } from '../item-event.js';
import { ORDER_STATES, toPlainItem, type OrderRecord } from './order.js';

/** The attributes that an outcome's event needs. */
export const ORDER_OUTCOME_FIELDS = [
  ...OUTCOME_FIELDS,
  ...(['orderId', 'customerId', 'totalAmount', 'failure'] as const),
] as const;

export type OrderOutcomeFields = Pick<OrderRecord, (typeof ORDER_OUTCOME_FIELDS)[number]>;

/**
 * Built only from attributes that the insert wrote, so it is the same event, byte for byte, in every state of the order.
 * DynamoDB returns the keys of a map in any order, so nested objects are rebuilt.
 */
export function orderCreated(order: OrderRecord): OutgoingEvent<OrderCreatedEvent> {
  const { orderId, customerId, items, totalAmount, createdAt } = order;
  const data = { orderId, customerId, items: items.map(toPlainItem), totalAmount, createdAt };
  return itemEvent(OrderCreatedEvent, { id: orderId, itemVersion: 1, occurredAt: createdAt, context: order, data });
}

/** The event of the outcome in the order's present life; undefined without an outcome. */
export function orderOutcome(
  order: OrderOutcomeFields,
): OutgoingEvent<OrderCompletedEvent | OrderFailedEvent> | undefined {
  const { orderId, customerId, totalAmount, updatedAt, version, failure } = order;
  const outcome = {
    id: orderId,
    itemVersion: version,
    occurredAt: updatedAt,
    context: outcomeContextOf(order),
    causationId: eventIdFor(orderId, OrderCreatedEvent.type, 1),
  };
  if (order.status === ORDER_STATES.completed) {
    const data = { orderId, customerId, totalAmount, orderVersion: version, completedAt: updatedAt };
    return itemEvent(OrderCompletedEvent, { ...outcome, data });
  }
  if (order.status === ORDER_STATES.failed && failure) {
    const stored = storedFailure(failure);
    const data = { orderId, customerId, failure: stored, orderVersion: version, failedAt: updatedAt };
    return itemEvent(OrderFailedEvent, { ...outcome, data });
  }
  return undefined;
}
