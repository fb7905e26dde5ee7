import { type NotificationRequestedEvent, type OrderCompletedEvent, type OrderFailedEvent } from '@orderflow/contracts';
import { notificationIdFor } from '@orderflow/domain/ids';
import { newNotificationRecord } from '@orderflow/domain/notifications/notification';
import type { NotificationOutcomeFields } from '@orderflow/domain/notifications/notification-events';
import type { WorkItemStore } from '@orderflow/platform/work-item/claim';
import { confirmOutcome } from '@orderflow/platform/work-item/confirm';
import { insert } from '@orderflow/platform/work-item/transitions';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import { askOutside } from '@orderflow/platform/worker/ask-outside';
import type { Delivery, Handler } from '@orderflow/platform/worker/delivery';
import { endOfRetries, workOnItem, type Claimed, type WorkResult } from '@orderflow/platform/work-item/process';
import type { Sender } from './sender.js';

type NotificationFacts = Omit<NotificationOutcomeFields, 'status' | 'version' | 'updatedAt'> & { message: string };

/** Does `work` under a claim on the notification. */
function workOn(
  notifications: WorkItemStore,
  delivery: Delivery,
  { message: _message, ...known }: NotificationFacts,
  work: (claimed: Claimed) => Promise<WorkResult>,
) {
  const { notificationId, orderId } = known;
  Object.assign(delivery.fields, { notificationId, orderId });
  return workOnItem<NotificationOutcomeFields>(notifications, delivery, {
    id: notificationId,
    known,
    work,
  });
}

function sendIt(notifications: WorkItemStore, sender: Sender, delivery: Delivery, notification: NotificationFacts) {
  const { notificationId: idempotencyKey, orderId, channel, message, traceparent } = notification;
  return workOn(notifications, delivery, notification, async () => {
    const { signal } = delivery;
    await askOutside('the provider', () =>
      sender.send({ idempotencyKey, orderId, channel, message, traceparent, signal }),
    );
    return { result: 'completed', attributes: { sentAt: new Date(notifications.now()).toISOString() } };
  });
}

function failIt(notifications: WorkItemStore, delivery: Delivery, notification: NotificationFacts) {
  return workOn(notifications, delivery, notification, endOfRetries(delivery, 'Not sent'));
}

function requested({ data, metadata }: NotificationRequestedEvent): NotificationFacts {
  const { notificationId, orderId, channel, message } = data;
  const { correlationId, traceparent } = metadata;
  return { notificationId, orderId, channel, message, correlationId, traceparent };
}

type OrderOutcome = OrderCompletedEvent | OrderFailedEvent;

function textFor({ data }: OrderOutcome): string {
  // The code, because the message is for operators.
  return 'failure' in data
    ? `Your order ${data.orderId} could not be completed (${data.failure.code}).`
    : `Your order ${data.orderId} is completed.`;
}

/**
 * Stores the notification for an order's outcome and confirms the outcome. From here on, the notification's own marker
 * makes sure that it is sent. Its id derives from the event's, so each event leads to one notification.
 */
async function ensureNotification(
  notifications: WorkItemStore,
  orders: WorkItemTable,
  outcome: OrderOutcome,
): Promise<NotificationFacts> {
  const { executor, table, now, markerDelayMs } = notifications;
  const { eventId, correlationId, traceparent } = outcome.metadata;
  const context = { correlationId, traceparent };
  const request = { orderId: outcome.data.orderId, channel: 'EMAIL', message: textFor(outcome) } as const;
  const notificationId = notificationIdFor(eventId);
  const at = now();
  const record = newNotificationRecord({
    notificationId,
    request,
    requestHash: '',
    causationId: eventId,
    ...context,
    now: at,
    outboxAt: at + markerDelayMs,
  });
  // A refused insert: an earlier delivery of the event has stored it.
  await executor.execute(insert(table, record));
  const { orderId: id, orderVersion: version } = outcome.data;
  await confirmOutcome(executor, orders, 'notification-worker', { id, version });
  return { notificationId, ...request, ...context, causationId: eventId };
}

/** Sends a notification that a client requested. */
export function sendRequested(notifications: WorkItemStore, sender: Sender): Handler<NotificationRequestedEvent> {
  return (event, delivery) => sendIt(notifications, sender, delivery, requested(event));
}

export function failRequested(notifications: WorkItemStore): Handler<NotificationRequestedEvent> {
  return (event, delivery) => failIt(notifications, delivery, requested(event));
}

/** Tells the customer how the order ended. */
export function sendForOutcome(
  notifications: WorkItemStore,
  orders: WorkItemTable,
  sender: Sender,
): Handler<OrderOutcome> {
  return async (event, delivery) =>
    sendIt(notifications, sender, delivery, await ensureNotification(notifications, orders, event));
}

export function failForOutcome(notifications: WorkItemStore, orders: WorkItemTable): Handler<OrderOutcome> {
  return async (event, delivery) =>
    failIt(notifications, delivery, await ensureNotification(notifications, orders, event));
}
