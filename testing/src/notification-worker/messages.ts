import { type OutgoingEvent } from '@orderflow/contracts';
import { newId, notificationIdFor } from '@orderflow/domain/ids';
import { newNotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { NAMES, type NotificationSystem } from './start-worker.js';
import { aStoredOrder } from '../stored-orders.js';

export const messageOf = ({ source, type, detail }: OutgoingEvent) => ({
  version: '0',
  id: newId(),
  source,
  'detail-type': type,
  detail,
});

/** A notification as the API stores it, and the message of its event. */
export function aNotification({ aws, now }: NotificationSystem) {
  const record = newNotificationRecord({
    notificationId: newId(),
    request: { orderId: newId(), channel: 'SMS', message: 'Your parcel is on its way.' },
    requestHash: 'hash',
    correlationId: 'correlation-1',
    now: now(),
    outboxAt: now() + 5_000,
  });
  const event = notificationRequested(record);
  aws.dynamo.seed(NAMES.notificationsTable, { ...record, contentHash: event.detail.metadata.contentHash });
  return { record, id: record.notificationId, message: messageOf(event) };
}

type Ended = 'COMPLETED' | 'FAILED';

/** The message of an order's outcome. The order is not stored. */
export function anOutcome(status: Ended, change: Partial<OrderRecord> = {}) {
  const accepted = aStoredOrder({ traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`, now: 0 });
  const failure = { code: 'OUT_OF_STOCK', message: 'shelf 7 is empty', retriable: false };
  /** The order as its worker leaves it: with a marker until the outcome is confirmed. */
  const order = { ...accepted, version: 3, ...(status === 'FAILED' ? { failure } : {}), ...change, status };
  const event = orderOutcome(order)!;
  return {
    orderId: order.orderId,
    order,
    event,
    id: notificationIdFor(event.detail.metadata.eventId),
    message: messageOf(event),
  };
}

/** The same, of a stored order. */
export function aStoredOutcome({ aws }: NotificationSystem, status: Ended, change: Partial<OrderRecord> = {}) {
  const outcome = anOutcome(status, change);
  aws.dynamo.seed(NAMES.ordersTable, outcome.order);
  return outcome;
}
