import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { notificationIdFor } from '@orderflow/domain/ids';
import { newNotificationRecord, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { aStoredOrder, withoutMarker } from '@orderflow/testing/stored-orders';
import { orderFor } from './api-client.js';

const context = { requestHash: '', correlationId: 'c-1' };

export function order(change: Partial<OrderRecord> = {}): OrderRecord {
  return { ...aStoredOrder({ request: orderFor('book-1'), now: Date.now() }), ...change };
}

export const completed = (change: Partial<OrderRecord> = {}) =>
  withoutMarker(order({ status: 'COMPLETED', version: 3, effects: 1, ...change }));

/** The notification of an order's outcome, sent. */
export function notificationOf(record: OrderRecord, change: Partial<NotificationRecord> = {}): NotificationRecord {
  const causationId = orderOutcome(record)?.detail.metadata.eventId ?? '';
  const notification = newNotificationRecord({
    notificationId: notificationIdFor(causationId),
    request: { orderId: record.orderId, channel: 'EMAIL', message: 'm' },
    causationId,
    now: Date.now(),
    outboxAt: Date.now(),
    ...context,
  });
  return withoutMarker({ ...notification, status: 'SENT', version: 3, effects: 1, ...change });
}

export async function purge({ aws, urlOf }: ConnectedSystem, queue: string): Promise<void> {
  await aws.sqs.send(new PurgeQueueCommand({ QueueUrl: await urlOf(queue) }));
}
