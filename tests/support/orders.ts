import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { orderFor } from './api-client.js';

/** An order as the API stores it. */
export function order(change: Partial<OrderRecord> = {}): OrderRecord {
  const now = Date.now();
  return { ...aStoredOrder({ request: orderFor('book-1'), now, outboxAt: now + 60_000 }), ...change };
}

/** The message body that EventBridge makes of an order's event, with changes to the event's data and metadata. */
export function bodyOf(record: OrderRecord, dataChange: object = {}, metadataChange: object = {}): string {
  const { source, type, detail } = orderCreated(record);
  const data = Object.assign({}, detail.data, dataChange);
  const metadata = Object.assign({}, detail.metadata, metadataChange);
  return JSON.stringify({ source, 'detail-type': type, detail: { metadata, data } });
}

/** Stores orders. */
export async function put({ aws, names }: ConnectedSystem, ...records: OrderRecord[]): Promise<void> {
  await Promise.all(
    records.map((record) => aws.dynamo.send(new PutCommand({ TableName: names.ordersTable, Item: record }))),
  );
}
