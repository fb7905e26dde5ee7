import { type OrderCreatedEvent } from '@orderflow/contracts';
import { fulfilmentKeyFor } from '@orderflow/domain/ids';
import type { OrderOutcomeFields } from '@orderflow/domain/orders/order-events';
import type { WorkItemStore } from '@orderflow/platform/work-item/claim';
import type { Delivery, Handler } from '@orderflow/platform/worker/delivery';
import { endOfRetries, workOnItem, type Claimed, type WorkResult } from '@orderflow/platform/work-item/process';
import type { Fulfilment } from './fulfilment/fulfilment.js';

type Work = (claimed: Claimed) => Promise<WorkResult>;

/** Each of them, optional or not: otherwise the first publication of an outcome would differ from its republications. */
type Known = Record<keyof Omit<OrderOutcomeFields, OutcomeAttribute>, unknown>;
type OutcomeAttribute = 'status' | 'version' | 'updatedAt' | 'outcomeTraceparent' | 'failure';

function workOnOrder(
  orders: WorkItemStore,
  { data, metadata }: OrderCreatedEvent,
  delivery: Delivery,
  job: { work: Work; givesUp?: boolean },
) {
  const { orderId, customerId, totalAmount } = data;
  const { correlationId, traceparent } = metadata;
  delivery.fields.orderId = orderId;
  const known = { orderId, customerId, totalAmount, correlationId, traceparent } satisfies Known;
  return workOnItem<OrderOutcomeFields>(orders, delivery, { id: orderId, known, ...job });
}

/**
 * Ends an order after its attempts. Any attempt may have shipped it, and a late one still may. So the warehouse's answer to
 * `cancel` decides between FAILED and COMPLETED. After an error, the order stays open and the cancel is retried.
 */
function cancelOrder(fulfilment: Fulfilment, orderId: string, { signal, fields }: Delivery, failed: Work): Work {
  return async (claimed) => {
    const idempotencyKey = fulfilmentKeyFor(orderId, claimed.life);
    const answer = await fulfilment.cancel({ idempotencyKey, signal });
    fields.cancel = answer;
    const { attributes, entries = [] } = await failed(claimed);
    if (answer === 'fulfilled') return { result: 'completed', attributes: {}, entries };
    const failure = { ...Object(attributes.failure), cancelled: true } as object;
    const entry = { name: 'cancelled', at: new Date(claimed.now()).toISOString() };
    return { result: 'failed', attributes: { failure }, entries: [entry, ...entries] };
  };
}

/** Ends an order that an exhausted message has given up, if another message gets to it first. */
const givenUpBefore: Work = () => {
  const message = 'Given up after its attempts were used up.';
  const failure = { code: 'RETRIES_EXHAUSTED', message, retriable: true };
  return Promise.resolve({ result: 'failed', attributes: { failure } });
};

/** Takes an accepted order to COMPLETED or FAILED. */
export function processOrder(orders: WorkItemStore, fulfilment: Fulfilment): Handler<OrderCreatedEvent> {
  return (event, delivery) => {
    const { orderId, items } = event.data;
    const cancel = cancelOrder(fulfilment, orderId, delivery, givenUpBefore);

    const fulfil: Work = async (claimed) => {
      // It may already be cancelled, or be cancelled at any moment.
      if (claimed.isGivenUp) return cancel(claimed);
      const { attempt, signal } = delivery;
      const idempotencyKey = fulfilmentKeyFor(orderId, claimed.life);
      const result = await fulfilment.fulfil({ idempotencyKey, items, attempt, signal });
      if (result.fulfilled) return { result: 'completed', attributes: {} };
      const { code, message } = result;
      delivery.fields.failure = code;
      // No cancel: a refusal is the warehouse's final answer for this key.
      return { result: 'failed', attributes: { failure: { code, message, retriable: false } } };
    };
    return workOnOrder(orders, event, delivery, { work: fulfil });
  };
}

/**
 * Ends an order whose attempts are used up: FAILED if the warehouse cancels it, COMPLETED if it has shipped. An operator's
 * replay starts a FAILED order again.
 */
export function endExhaustedOrder(orders: WorkItemStore, fulfilment: Fulfilment): Handler<OrderCreatedEvent> {
  return (event, delivery) => {
    const work = cancelOrder(fulfilment, event.data.orderId, delivery, endOfRetries(delivery, 'Not finished'));
    return workOnOrder(orders, event, delivery, { work, givesUp: true });
  };
}
