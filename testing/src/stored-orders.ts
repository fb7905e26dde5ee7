import { newId } from '@orderflow/domain/ids';
import { newOrderRecord, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';

/** An order as its insert leaves it. @param insert replaces parts of the insert */
export function aStoredOrder(insert: Partial<Parameters<typeof newOrderRecord>[0]> = {}): OrderRecord {
  const items = [{ productId: 'sku-1', productName: 'Kettle', quantity: 1, unitPrice: 12.5 }];
  const now = insert.now ?? Date.UTC(2027, 2, 14, 15);
  const record = newOrderRecord({
    orderId: newId(),
    request: { customerId: 'customer-1', items, totalAmount: 12.5 },
    requestHash: '',
    correlationId: 'correlation-1',
    now,
    outboxAt: now,
    ...insert,
  });
  return { ...record, contentHash: orderCreated(record).detail.metadata.contentHash };
}

/** The item without its marker: the last consumer has confirmed the outcome. */
export function withoutMarker<T extends { outboxAt?: number; outboxShard?: number }>(item: T): T {
  const { outboxAt: _at, outboxShard: _shard, ...rest } = item;
  return rest as T;
}
