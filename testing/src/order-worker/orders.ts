import { newId } from '@orderflow/domain/ids';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import type { OrderSystem } from './start-worker.js';
import { NAMES } from './start-worker.js';
import { aStoredOrder } from '../stored-orders.js';

/** An order as the API stores it, and the message of its event. */
export function anOrder({ now, aws }: Pick<OrderSystem, 'now' | 'aws'>, productId = 'sku-1') {
  const record = aStoredOrder({
    request: {
      customerId: 'customer-1',
      items: [{ productId, productName: 'Kettle', quantity: 2, unitPrice: 19.99 }],
      totalAmount: 39.98,
    },
    traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
    now: now(),
    outboxAt: now() + 5_000,
  });
  aws.dynamo.seed(NAMES.ordersTable, record);
  return { record, orderId: record.orderId, message: messageOf(record) };
}

/** The SQS message of an order's event. */
export function messageOf(record: OrderRecord) {
  const { source, type, detail } = orderCreated(record);
  return { version: '0', id: newId(), source, 'detail-type': type, detail };
}
