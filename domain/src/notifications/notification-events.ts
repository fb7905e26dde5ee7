import {
  NotificationRequestedEvent,
  NotificationSentEvent,
  type EventMetadata,
  type PublishableEvent,
} from '@orderflow/contracts';
import { contextOf, outcomeContextOf } from '../event-context.js';
import { eventIdFor } from '../ids.js';
import { NOTIFICATION_STATES, type NotificationRecord } from './notification.js';

/** What the event of a sent notification is made of. */
export type NotificationOutcomeFields = Pick<
  NotificationRecord,
  | 'notificationId'
  | 'orderId'
  | 'channel'
  | 'causationId'
  | 'status'
  | 'sentAt'
  | 'version'
  | 'updatedAt'
  | 'correlationId'
  | 'traceparent'
  | 'outcomeTraceparent'
>;

/** Built from what the insert wrote and nothing later, so it is the same event however far the notification has come. */
export function notificationRequested(notification: NotificationRecord): PublishableEvent<NotificationRequestedEvent> {
  const { notificationId, orderId, channel, message, createdAt, causationId } = notification;
  const metadata: EventMetadata = {
    eventId: eventIdFor(notificationId, NotificationRequestedEvent.type, 1),
    version: NotificationRequestedEvent.version,
    occurredAt: createdAt,
    ...contextOf(notification),
    ...(causationId === undefined ? {} : { causationId }),
  };
  return {
    source: NotificationRequestedEvent.source,
    type: NotificationRequestedEvent.type,
    detail: { metadata, data: { notificationId, orderId, channel, message, createdAt } },
  };
}

/** The event of a notification that was sent; undefined for any other. */
export function notificationSent(
  notification: NotificationOutcomeFields,
): PublishableEvent<NotificationSentEvent> | undefined {
  const { notificationId, orderId, channel, status, sentAt, version, causationId } = notification;
  if (status !== NOTIFICATION_STATES.completed || sentAt === undefined) return undefined;
  const metadata: EventMetadata = {
    eventId: eventIdFor(notificationId, NotificationSentEvent.type, version),
    version: NotificationSentEvent.version,
    occurredAt: sentAt,
    ...outcomeContextOf(notification),
    causationId: causationId ?? eventIdFor(notificationId, NotificationRequestedEvent.type, 1),
  };
  return {
    source: NotificationSentEvent.source,
    type: NotificationSentEvent.type,
    detail: { metadata, data: { notificationId, orderId, channel, sentAt } },
  };
}
