import { newId } from '@orderflow/domain/ids';
import { newOrderRecord, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';

const UNDELIVERED = { code: 'UNDELIVERED', message: 'No worker finished it.', retriable: true };

/** A failed order that can be replayed. */
export function aFailedOrder(change: Partial<OrderRecord> = {}): OrderRecord {
  const items = [{ productId: 'p-1', productName: 'Kettle', quantity: 1, unitPrice: 10 }];
  const request = { customerId: 'c-1', items, totalAmount: 10 };
  const now = Date.UTC(2027, 2, 14, 15);
  const record = newOrderRecord({ orderId: newId(), request, requestHash: '', correlationId: 'c', now, outboxAt: now });
  const { outboxAt: _at, outboxShard: _shard, ...item } = record;
  return { ...item, status: 'FAILED', version: 7, effects: 1, failure: UNDELIVERED, ...change };
}

/** The message body that EventBridge delivers for an order's event. */
export function bodyOf(record: OrderRecord): string {
  const { source, type, detail } = orderCreated(record);
  return JSON.stringify({ source, 'detail-type': type, detail });
}
