import { orderOutcome, type OrderCreated, type OrderOutcomeFields } from '@orderflow/contracts';
import type { Handler } from '@orderflow/platform/worker/types';
import { endOfRetries, workOnItem, type ItemTable, type WorkResult } from '@orderflow/platform/worker/work-on-item';
import type { Fulfilment } from './fulfilment.js';

/** What the event tells of the order, as far as its outcome's event repeats it. */
function known({ data, metadata }: OrderCreated) {
  const { orderId, customerId, totalAmount } = data;
  const { correlationId, traceparent } = metadata;
  return { orderId, customerId, totalAmount, correlationId, ...(traceparent === undefined ? {} : { traceparent }) };
}

/** Takes an accepted order to COMPLETED or FAILED. */
export function processOrder(orders: ItemTable, fulfilment: Fulfilment): Handler<OrderCreated> {
  return (event, delivery) => {
    const { orderId, items } = event.data;
    delivery.facts.orderId = orderId;

    const fulfil = async (): Promise<WorkResult> => {
      const { receiveCount: attempt, signal } = delivery;
      const result = await fulfilment.fulfil({ idempotencyKey: orderId, items, attempt, signal });
      if (result.fulfilled) return { result: 'done', attributes: {} };
      const { code, message } = result;
      delivery.facts.failure = code;
      return { result: 'failed', attributes: { failure: { code, message, retriable: false } } };
    };
    return workOnItem<OrderOutcomeFields>(orders, delivery, {
      id: orderId,
      known: known(event),
      outcomeEventOf: orderOutcome,
      work: fulfil,
    });
  };
}

/** An order that could not be finished in any of its attempts ends FAILED; an operator's replay starts it again. */
export function failExhaustedOrder(orders: ItemTable): Handler<OrderCreated> {
  return (event, delivery) => {
    const { orderId } = event.data;
    delivery.facts.orderId = orderId;
    const message = `Not finished after ${delivery.attempt - 1} attempts; its message is in the dead-letter queue.`;
    return workOnItem<OrderOutcomeFields>(orders, delivery, {
      id: orderId,
      known: known(event),
      outcomeEventOf: orderOutcome,
      work: endOfRetries(delivery, message),
    });
  };
}
