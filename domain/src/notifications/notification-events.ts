import {
  NotificationRequestedEvent,
  NotificationSentEvent,
  type EventMetadata,
  type OutgoingEvent,
} from '@orderflow/contracts';
import { contextOf, outcomeContextOf } from '../event-context.js';
import { eventIdFor } from '../ids.js';
import { NOTIFICATION_STATES, type NotificationRecord } from './notification.js';

/** The attributes that the event of a sent notification needs. */
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

/** Built only from attributes that the insert wrote, so it is the same event in every state of the notification. */
export function notificationRequested(notification: NotificationRecord): OutgoingEvent<NotificationRequestedEvent> {
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

/** The event of a sent notification; undefined in any other state. */
export function notificationSent(
  notification: NotificationOutcomeFields,
): OutgoingEvent<NotificationSentEvent> | undefined {
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
