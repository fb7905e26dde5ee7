import { IsIn, IsISO8601 } from 'class-validator';
import { NOTIFICATION_CHANNELS, type NotificationChannel } from '../http/notifications.js';
import { IsNested } from '../properties.js';
import { IsId } from '../spelling.js';
import { IsText } from '../text.js';
import { EventMetadata } from './envelope.js';

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
export class NotificationRequestedEvent {
  static readonly type = 'NotificationRequested';
  static readonly version = 1;
  static readonly source = 'orderflow.api-gateway';

  @IsNested(() => EventMetadata)
  metadata!: EventMetadata;

  @IsNested(() => NotificationRequestedData)
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

/** A notification was sent. */
export class NotificationSentEvent {
  static readonly type = 'NotificationSent';
  static readonly version = 1;
  static readonly source = 'orderflow.notification-worker';

  @IsNested(() => EventMetadata)
  metadata!: EventMetadata;

  @IsNested(() => NotificationSentData)
  data!: NotificationSentData;
}
