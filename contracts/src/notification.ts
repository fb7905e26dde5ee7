import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsISO8601, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { Failure, storedFailure } from './failure.js';
import { Optional } from './optional.js';
import { FromDigits, IsId } from './spelling.js';
import { createdAtIdOf, outboxShardOf, type StoredItem } from './stored-item.js';
import { IsText, IsTextOrNull } from './text.js';

export const NOTIFICATION_CHANNELS = ['EMAIL', 'SMS', 'PUSH'] as const;
export type NotificationChannel = (typeof NOTIFICATION_CHANNELS)[number];

/** The words that the shared state machine uses for a notification's states. */
export const NOTIFICATION_STATES = {
  waiting: 'PENDING',
  working: 'SENDING',
  done: 'SENT',
  failed: 'FAILED',
} as const;
const NOTIFICATION_STATUSES = Object.values(NOTIFICATION_STATES);
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

  @IsInt()
  @Min(1)
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
  @Optional()
  @IsISO8601()
  sentAt?: string;

  @IsText(128)
  correlationId!: string;

  /** Only when FAILED. */
  @Optional()
  @ValidateNested()
  @Type(() => Failure)
  failure?: Failure;
}

/** Answer of GET /api/orders/:orderId/notifications, oldest first. */
export class NotificationList {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Notification)
  items!: Notification[];

  /** Give it back as `cursor` for the next page; null on the last one. */
  @IsTextOrNull(512)
  nextCursor!: string | null;
}

/** Most notifications on a page, and how many there are unless the query says otherwise. */
export const MAX_NOTIFICATIONS = 100;

/** Query of GET /api/orders/:orderId/notifications. */
export class ListNotificationsQuery {
  @Optional()
  @FromDigits()
  @IsInt({ message: 'limit must be a whole number in digits, such as 20' })
  @Min(1)
  @Max(MAX_NOTIFICATIONS)
  limit?: number;

  @Optional()
  @IsText(512)
  cursor?: string;
}

/** A notification as it stands in the table. */
export type NotificationRecord = StoredItem & {
  notificationId: string;
  orderId: string;
  status: NotificationStatus;
  channel: NotificationChannel;
  message: string;
  sentAt?: string;
  /** Event that caused it; absent for one that a client asked for. */
  causationId?: string;
};

type NewNotification = {
  notificationId: string;
  request: CreateNotificationRequest;
  requestHash: string;
  correlationId: string;
  causationId?: string;
  traceparent?: string;
  now: number;
  /** Epoch ms at which the marker becomes due. */
  outboxAt: number;
};

/** The item that the insert of a new notification writes: PENDING, unclaimed, with its outbox marker. */
export function newNotificationRecord(notification: NewNotification): NotificationRecord {
  const { notificationId, request, now, outboxAt, ...context } = notification;
  const createdAt = new Date(now).toISOString();
  return {
    notificationId,
    orderId: request.orderId,
    status: NOTIFICATION_STATES.waiting,
    version: 1,
    effects: 0,
    channel: request.channel,
    message: request.message,
    createdAt,
    updatedAt: createdAt,
    holder: '',
    claimToken: '',
    leaseUntil: 0,
    lastReplayId: '',
    timeline: { accepted: { at: createdAt, version: 1 } },
    createdAtId: createdAtIdOf(createdAt, notificationId),
    outboxShard: outboxShardOf(notificationId),
    outboxAt,
    outboxAttempts: 0,
    ...context,
  };
}

/** What of a stored notification its readers see. */
export function toNotification(record: NotificationRecord): Notification {
  const { notificationId, orderId, status, version, channel, message, createdAt, updatedAt, correlationId } = record;
  return {
    notificationId,
    orderId,
    status,
    version,
    channel,
    message,
    createdAt,
    updatedAt,
    ...(record.sentAt === undefined ? {} : { sentAt: record.sentAt }),
    correlationId,
    ...(record.failure && status === NOTIFICATION_STATES.failed ? { failure: storedFailure(record.failure) } : {}),
  };
}

/** A stored notification as it was when it was accepted, whatever has happened to it since. */
export function toAcceptedNotification({ sentAt: _sentAt, ...record }: NotificationRecord): Notification {
  return toNotification({ ...record, status: NOTIFICATION_STATES.waiting, version: 1, updatedAt: record.createdAt });
}
