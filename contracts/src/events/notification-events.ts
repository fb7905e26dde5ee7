import { Type } from 'class-transformer';
import { IsDefined, IsIn, IsISO8601, ValidateNested } from 'class-validator';
import { eventIdFor } from '../identifiers.js';
import {
  NOTIFICATION_CHANNELS,
  NOTIFICATION_STATES,
  type NotificationChannel,
  type NotificationRecord,
} from '../notification.js';
import { IsId } from '../spelling.js';
import { IsText } from '../text.js';
import { contextOf, EventMetadata, outcomeContextOf, type PublishableEvent } from './envelope.js';

export class NotificationRequestedData {
  @IsId()
  notificationId!: string;

  @IsId()
  orderId!: string;

  @IsIn(NOTIFICATION_CHANNELS)
  channel!: NotificationChannel;

  @IsText(1000)
  message!: string;

  @IsISO8601()
  createdAt!: string;
}

/** A notification was accepted and waits for its worker. */
export class NotificationRequested {
  static readonly type = 'NotificationRequested';
  static readonly version = 1;
  static readonly source = 'orderflow.api-gateway';

  @IsDefined()
  @ValidateNested()
  @Type(() => EventMetadata)
  metadata!: EventMetadata;

  @IsDefined()
  @ValidateNested()
  @Type(() => NotificationRequestedData)
  data!: NotificationRequestedData;
}

export class NotificationSentData {
  @IsId()
  notificationId!: string;

  @IsId()
  orderId!: string;

  @IsIn(NOTIFICATION_CHANNELS)
  channel!: NotificationChannel;

  @IsISO8601()
  sentAt!: string;
}

/** A notification went out. */
export class NotificationSent {
  static readonly type = 'NotificationSent';
  static readonly version = 1;
  static readonly source = 'orderflow.notification-worker';

  @IsDefined()
  @ValidateNested()
  @Type(() => EventMetadata)
  metadata!: EventMetadata;

  @IsDefined()
  @ValidateNested()
  @Type(() => NotificationSentData)
  data!: NotificationSentData;
}

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
export function notificationRequested(notification: NotificationRecord): PublishableEvent<NotificationRequested> {
  const { notificationId, orderId, channel, message, createdAt, causationId } = notification;
  const metadata: EventMetadata = {
    eventId: eventIdFor(notificationId, NotificationRequested.type, 1),
    version: NotificationRequested.version,
    occurredAt: createdAt,
    ...contextOf(notification),
    ...(causationId === undefined ? {} : { causationId }),
  };
  return {
    source: NotificationRequested.source,
    type: NotificationRequested.type,
    detail: { metadata, data: { notificationId, orderId, channel, message, createdAt } },
  };
}

/** The event of a notification that was sent; undefined for any other. */
export function notificationSent(
  notification: NotificationOutcomeFields,
): PublishableEvent<NotificationSent> | undefined {
  const { notificationId, orderId, channel, status, sentAt, version, causationId } = notification;
  if (status !== NOTIFICATION_STATES.done || sentAt === undefined) return undefined;
  const metadata: EventMetadata = {
    eventId: eventIdFor(notificationId, NotificationSent.type, version),
    version: NotificationSent.version,
    occurredAt: sentAt,
    ...outcomeContextOf(notification),
    causationId: causationId ?? eventIdFor(notificationId, NotificationRequested.type, 1),
  };
  return {
    source: NotificationSent.source,
    type: NotificationSent.type,
    detail: { metadata, data: { notificationId, orderId, channel, sentAt } },
  };
}
