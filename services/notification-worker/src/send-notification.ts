import {
  OrderCompletedEvent,
  OrderFailedEvent,
  type NotificationRequestedEvent,
  type OutgoingEvent,
} from '@orderflow/contracts';
import { notificationIdFor } from '@orderflow/domain/ids';
import { NOTIFIER } from '@orderflow/domain/orders/orders-table';
import { newNotificationRecord } from '@orderflow/domain/notifications/notification';
import type { WorkItemStore } from '@orderflow/platform/work-item/claim';
import type { NotificationOutcomeFields } from '@orderflow/domain/notifications/notification-events';
import { confirmOutcome } from '@orderflow/platform/work-item/confirm';
import { endOfRetries, workOnItem, type WorkResult } from '@orderflow/platform/work-item/process';
import type { BelieveOutcome } from '@orderflow/platform/work-item/stored-outcome';
import { insert } from '@orderflow/platform/work-item/transitions';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import { askOutside } from '@orderflow/platform/worker/ask-outside';
import type { Delivery, Handler, HandlerResult } from '@orderflow/platform/worker/delivery';
import type { Sender } from './sender.js';

type NotificationFacts = Omit<NotificationOutcomeFields, 'status' | 'version' | 'updatedAt'> & {
  message: string;
  /** An outcome's event caused it, so the facts are from the stored order. Otherwise they are the event's. */
  isDerived: boolean;
};

/** Finds the notification that an event is about; undefined if there is nothing to tell. */
type FactsOf<Event> = (
  event: Event,
  delivery: Delivery,
) => NotificationFacts | undefined | Promise<NotificationFacts | undefined>;

export function factsOfRequest({ data, metadata }: NotificationRequestedEvent): NotificationFacts {
  const { notificationId, orderId, channel, message } = data;
  const { correlationId, traceparent } = metadata;
  return { notificationId, orderId, channel, message, correlationId, traceparent, isDerived: false };
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
 * notification's own marker makes sure that it is sent. Everything that it says, and its id, comes from the stored order:
 * each outcome leads to one notification, whatever its event claims. An outcome that was replaced since leads to none.
 */
export function ensureNotification(
  notifications: WorkItemStore,
  orders: WorkItemTable,
  believeOutcome: BelieveOutcome,
): FactsOf<OutcomeEvent> {
  const { executor, table, now, markerDelayMs } = notifications;
  return async (event, { contentHash, fields }) => {
    const { orderId, orderVersion: version } = event.data;
    fields.orderId = orderId;
    const { type } = event instanceof OrderFailedEvent ? OrderFailedEvent : OrderCompletedEvent;
    const reported = { type, version, contentHash };
    const stored = (await believeOutcome(orderId, reported)) as OutgoingEvent<OutcomeEvent> | undefined;
    if (!stored) return undefined;
    const { eventId: causationId, correlationId, traceparent } = stored.detail.metadata;
    const context = { notificationId: notificationIdFor(causationId), causationId, correlationId, traceparent };
    const request = { orderId, channel: 'EMAIL', message: textFor(stored.detail) } as const;
    const at = now();
    const times = { now: at, outboxAt: at + markerDelayMs };
    const record = newNotificationRecord({ request, requestHash: '', ...context, ...times });
    const { contentHash: ofRequest } = table.createdEventOf(record).detail.metadata;
    // A refused insert: an earlier delivery of the event has stored it.
    await executor.execute(insert(table, { ...record, contentHash: ofRequest }));
    await confirmOutcome(executor, orders, NOTIFIER, { id: orderId, version, now: now() });
    return { ...request, ...context, isDerived: true };
  };
}

function workOn(
  notifications: WorkItemStore,
  delivery: Delivery,
  { message: _message, isDerived, ...known }: NotificationFacts,
  work: Parameters<typeof workOnItem>[2]['work'],
) {
  const { notificationId, orderId } = known;
  Object.assign(delivery.fields, { notificationId, orderId });
  const job = { id: notificationId, known, work, isDerived };
  return workOnItem<NotificationOutcomeFields>(notifications, delivery, job);
}

/** For an outcome that was replaced since. */
const nothingToTell = (): HandlerResult => ({ outcome: 'duplicate', events: [] });

/** Sends an event's notification. */
export function send<Event>(notifications: WorkItemStore, sender: Sender, factsOf: FactsOf<Event>): Handler<Event> {
  return async (event, delivery) => {
    const facts = await factsOf(event, delivery);
    if (!facts) return nothingToTell();
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
  return async (event, delivery) => {
    const facts = await factsOf(event, delivery);
    return facts ? workOn(notifications, delivery, facts, endOfRetries(delivery, 'Not sent')) : nothingToTell();
  };
}
