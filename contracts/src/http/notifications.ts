import { Type } from 'class-transformer';
import { IsIn, IsISO8601, IsUUID, ValidateNested } from 'class-validator';
import { Failure } from '../failure.js';
import { IsIntFrom, IsNestedList, Optional } from '../properties.js';
import { IsId, IsLimit } from '../spelling.js';
import { IsText, IsTextOrNull } from '../text.js';

export const NOTIFICATION_CHANNELS = ['EMAIL', 'SMS', 'PUSH'] as const;

export type NotificationChannel = (typeof NOTIFICATION_CHANNELS)[number];

export const NOTIFICATION_STATUSES = ['PENDING', 'SENDING', 'SENT', 'FAILED'] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** Body of POST /api/notifications. */
export class CreateNotificationRequest {
  @IsId()
  orderId!: string;

  @IsText(1000)
  message!: string;

  @IsIn(NOTIFICATION_CHANNELS)
  channel!: NotificationChannel;
}

/** A notification as the API shows it. */
export class Notification {
  @IsUUID()
  notificationId!: string;

  @IsUUID()
  orderId!: string;

  @IsIn(NOTIFICATION_STATUSES)
  status!: NotificationStatus;

  @IsIntFrom(1)
  version!: number;

  @IsIn(NOTIFICATION_CHANNELS)
  channel!: NotificationChannel;

  @IsText(1000)
  message!: string;

  @IsISO8601()
  createdAt!: string;

  @IsISO8601()
  updatedAt!: string;

  /** Only when SENT. */
  @Optional(IsISO8601())
  sentAt?: string;

  @IsText(128)
  correlationId!: string;

  /** Only when FAILED. */
  @Optional(ValidateNested(), Type(() => Failure))
  failure?: Failure;
}

/** Answer of GET /api/orders/:orderId/notifications, oldest first. */
export class NotificationList {
  @IsNestedList(() => Notification)
  items!: Notification[];

  /** Pass it as `cursor` to get the next page; null on the last page. */
  @IsTextOrNull(512)
  nextCursor!: string | null;
}

/** The maximum page size, which is also the default. */
export const MAX_NOTIFICATIONS = 100;

/** Query of GET /api/orders/:orderId/notifications. */
export class ListNotificationsQuery {
  @Optional(IsLimit(MAX_NOTIFICATIONS))
  limit?: number;

  @Optional(IsText(512))
  cursor?: string;
}
