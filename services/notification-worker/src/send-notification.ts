import { type NotificationRequestedEvent, type OrderCompletedEvent, type OrderFailedEvent } from '@orderflow/contracts';
import { notificationIdFor } from '@orderflow/domain/ids';
import { newNotificationRecord } from '@orderflow/domain/notifications/notification';
import type { WorkItemStore } from '@orderflow/platform/work-item/claim';
import type { NotificationOutcomeFields } from '@orderflow/domain/notifications/notification-events';
import { confirmOutcome } from '@orderflow/platform/work-item/confirm';
import { endOfRetries, workOnItem, type WorkResult } from '@orderflow/platform/work-item/process';
import { insert } from '@orderflow/platform/work-item/transitions';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import { askOutside } from '@orderflow/platform/worker/ask-outside';
import type { Delivery, Handler } from '@orderflow/platform/worker/delivery';
import type { Sender } from './sender.js';

type NotificationFacts = Omit<NotificationOutcomeFields, 'status' | 'version' | 'updatedAt'> & { message: string };

/** Finds the notification that an event is about. */
type FactsOf<Event> = (event: Event) => NotificationFacts | Promise<NotificationFacts>;

export function factsOfRequest({ data, metadata }: NotificationRequestedEvent): NotificationFacts {
  const { notificationId, orderId, channel, message } = data;
  const { correlationId, traceparent } = metadata;
  return { notificationId, orderId, channel, message, correlationId, traceparent };
}

type OutcomeEvent = OrderCompletedEvent | OrderFailedEvent;

function textFor({ data }: OutcomeEvent): string {
  // The code, because the message is for operators.
  return 'failure' in data
    ? `Your order ${data.orderId} could not be completed (${data.failure.code}).`
    : `Your order ${data.orderId} is completed.`;
}

/**
 * Stores the notification that tells the customer how the order ended, and confirms the outcome. From here on, the
 * notification's own marker makes sure that it is sent. Its id derives from the event's, so each event leads to one
 * notification.
 */
export function ensureNotification(notifications: WorkItemStore, orders: WorkItemTable): FactsOf<OutcomeEvent> {
  const { executor, table, now, markerDelayMs } = notifications;
  return async (event) => {
    const { eventId: causationId, correlationId, traceparent } = event.metadata;
    const { orderId, orderVersion: version } = event.data;
    const context = { notificationId: notificationIdFor(causationId), causationId, correlationId, traceparent };
    const request = { orderId, channel: 'EMAIL', message: textFor(event) } as const;
    const at = now();
    const times = { now: at, outboxAt: at + markerDelayMs };
    const record = newNotificationRecord({ request, requestHash: '', ...context, ...times });
    // A refused insert: an earlier delivery of the event has stored it.
    await executor.execute(insert(table, record));
    await confirmOutcome(executor, orders, 'notification-worker', { id: orderId, version });
    return { ...request, ...context };
  };
}

function workOn(
  notifications: WorkItemStore,
  delivery: Delivery,
  { message: _message, ...known }: NotificationFacts,
  work: Parameters<typeof workOnItem>[2]['work'],
) {
  const { notificationId, orderId } = known;
  Object.assign(delivery.fields, { notificationId, orderId });
  return workOnItem<NotificationOutcomeFields>(notifications, delivery, { id: notificationId, known, work });
}

/** Sends an event's notification. */
export function send<Event>(notifications: WorkItemStore, sender: Sender, factsOf: FactsOf<Event>): Handler<Event> {
  return async (event, delivery) => {
    const facts = await factsOf(event);
    const { notificationId: idempotencyKey, orderId, channel, message, traceparent } = facts;
    const { signal } = delivery;
    return workOn(notifications, delivery, facts, async (): Promise<WorkResult> => {
      const notification = { idempotencyKey, orderId, channel, message, traceparent, signal };
      await askOutside('the provider', () => sender.send(notification));
      return { result: 'completed', attributes: { sentAt: new Date(notifications.now()).toISOString() } };
    });
  };
}

/** Ends an event's notification whose attempts are used up. */
export function fail<Event>(notifications: WorkItemStore, factsOf: FactsOf<Event>): Handler<Event> {
  return async (event, delivery) =>
    workOn(notifications, delivery, await factsOf(event), endOfRetries(delivery, 'Not sent'));
}
