import type { OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { aStoredOrder, withoutMarker } from '../stored-orders.js';

const UNDELIVERED = { code: 'UNDELIVERED', message: 'No worker finished it.', retriable: true };

/** A failed order that can be replayed. */
export function aFailedOrder(change: Partial<OrderRecord> = {}): OrderRecord {
  return {
    ...withoutMarker(aStoredOrder()),
    status: 'FAILED',
    version: 7,
    effects: 1,
    failure: UNDELIVERED,
    ...change,
  };
}

/** The message body that EventBridge delivers for an order's event. */
export function bodyOf(record: OrderRecord): string {
  const { source, type, detail } = orderCreated(record);
  return JSON.stringify({ source, 'detail-type': type, detail });
}
