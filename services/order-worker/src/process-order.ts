import { type OrderCreatedEvent } from '@orderflow/contracts';
import { fulfilmentKeyFor } from '@orderflow/domain/ids';
import { orderOutcome, type OrderOutcomeFields } from '@orderflow/domain/orders/order-events';
import type { Delivery, Handler } from '@orderflow/platform/worker/delivery';
import {
  endOfRetries,
  workOnItem,
  type Claimed,
  type ItemTable,
  type WorkResult,
} from '@orderflow/platform/work-item/process';
import { checkFulfilment } from './fulfilment/check-fulfilment.js';
import type { Fulfilment } from './fulfilment/fulfilment.js';

/** What the event tells of the order, as far as its outcome's event repeats it. */
function known({ data, metadata }: OrderCreatedEvent) {
  const { orderId, customerId, totalAmount } = data;
  const { correlationId, traceparent } = metadata;
  return { orderId, customerId, totalAmount, correlationId, ...(traceparent === undefined ? {} : { traceparent }) };
}

type Work = (claimed: Claimed) => Promise<WorkResult>;

/**
 * Ends an order that was worked on. Any of its attempts may have shipped it, and a late one still may: only what the
 * warehouse says to `cancel` decides between FAILED and COMPLETED. An error decides nothing, and it is asked again.
 */
function cancelOrder(fulfilment: Fulfilment, orderId: string, { signal, fields }: Delivery, failed: Work): Work {
  return async (claimed) => {
    const idempotencyKey = fulfilmentKeyFor(orderId, claimed.life);
    const answer = await fulfilment.cancel({ idempotencyKey, signal });
    fields.cancel = answer;
    const { attributes, steps = [] } = await failed(claimed);
    if (answer === 'fulfilled') return { result: 'completed', attributes: {}, steps };
    const failure = { ...Object(attributes.failure), cancelled: true } as object;
    const step = { name: 'cancelled', entry: { at: new Date(claimed.now()).toISOString() } };
    return { result: 'failed', attributes: { failure }, steps: [step, ...steps] };
  };
}

/** The end of an order that an exhausted message has given up, when another message comes first. */
const givenUpBefore: Work = () => {
  const message = 'Given up after its attempts were used up.';
  const failure = { code: 'RETRIES_EXHAUSTED', message, retriable: true };
  return Promise.resolve({ result: 'failed', attributes: { failure } });
};

/** Takes an accepted order to COMPLETED or FAILED. */
export function processOrder(orders: ItemTable, adapter: Fulfilment): Handler<OrderCreatedEvent> {
  const fulfilment = checkFulfilment(adapter);
  return (event, delivery) => {
    const { orderId, items } = event.data;
    delivery.fields.orderId = orderId;
    const cancel = cancelOrder(fulfilment, orderId, delivery, givenUpBefore);

    const fulfil = async (claimed: Claimed): Promise<WorkResult> => {
      // It may be cancelled already, or be cancelled any moment.
      if (claimed.isGivenUp) return cancel(claimed);
      const { attempt, signal } = delivery;
      const idempotencyKey = fulfilmentKeyFor(orderId, claimed.life);
      const result = await fulfilment.fulfil({ idempotencyKey, items, attempt, signal });
      if (result.fulfilled) return { result: 'completed', attributes: {} };
      const { code, message } = result;
      delivery.fields.failure = code;
      // Not cancelled: the refusal is the warehouse's own and final answer to the key, as a cancel's would be.
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

/**
 * An order that could not be finished in any of its attempts ends FAILED once the warehouse has cancelled it, and
 * COMPLETED when the warehouse has shipped it; an operator's replay starts a FAILED one again.
 */
export function failExhaustedOrder(orders: ItemTable, adapter: Fulfilment): Handler<OrderCreatedEvent> {
  const fulfilment = checkFulfilment(adapter);
  return (event, delivery) => {
    const { orderId } = event.data;
    delivery.fields.orderId = orderId;
    return workOnItem<OrderOutcomeFields>(orders, delivery, {
      id: orderId,
      known: known(event),
      outcomeEventOf: orderOutcome,
      work: cancelOrder(fulfilment, orderId, delivery, endOfRetries(delivery, 'Not finished')),
      givesUp: true,
    });
  };
}
