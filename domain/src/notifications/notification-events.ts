import { NotificationRequestedEvent, NotificationSentEvent, type OutgoingEvent } from '@orderflow/contracts';
import { eventIdFor } from '../ids.js';
import { itemEvent, outcomeContextOf, type OutcomeField } from '../item-event.js';
import { NOTIFICATION_STATES, type NotificationRecord } from './notification.js';

/** The attributes that the event of a sent notification needs. */
export type NotificationOutcomeFields = Pick<
  NotificationRecord,
  OutcomeField | 'notificationId' | 'orderId' | 'channel' | 'causationId' | 'sentAt'
>;

/** Built only from attributes that the insert wrote, so it is the same event in every state of the notification. */
export function notificationRequested(notification: NotificationRecord): OutgoingEvent<NotificationRequestedEvent> {
  const { notificationId: id, orderId, channel, message, createdAt, causationId } = notification;
  const data = { notificationId: id, orderId, channel, message, createdAt };
  const about = { id, itemVersion: 1, occurredAt: createdAt, context: notification, causationId };
  return itemEvent(NotificationRequestedEvent, { ...about, data });
}

/** The event of a sent notification; undefined in any other state. */
export function notificationSent(
  notification: NotificationOutcomeFields,
): OutgoingEvent<NotificationSentEvent> | undefined {
  const { notificationId: id, orderId, channel, status, sentAt, version, causationId } = notification;
  if (status !== NOTIFICATION_STATES.completed || sentAt === undefined) return undefined;
  return itemEvent(NotificationSentEvent, {
    id,
    itemVersion: version,
    occurredAt: sentAt,
    context: outcomeContextOf(notification),
    causationId: causationId ?? eventIdFor(id, NotificationRequestedEvent.type, 1),
    data: { notificationId: id, orderId, channel, sentAt },
  });
}
