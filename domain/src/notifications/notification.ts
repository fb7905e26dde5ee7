import type {
  CreateNotificationRequest,
  Notification,
  NotificationChannel,
  NotificationStatus,
} from '@orderflow/contracts';
import { storedFailure } from '../failure.js';
import { createdAtIdOf, outboxShardOf, type WorkItemRecord } from '../work-item-record.js';

/** The notification's words for the states of a work item. */
export const NOTIFICATION_STATES = {
  pending: 'PENDING',
  processing: 'SENDING',
  completed: 'SENT',
  failed: 'FAILED',
} as const satisfies Record<string, NotificationStatus>;

/** A notification as it stands in the table. */
export type NotificationRecord = WorkItemRecord & {
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
    status: NOTIFICATION_STATES.pending,
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
  return toNotification({ ...record, status: NOTIFICATION_STATES.pending, version: 1, updatedAt: record.createdAt });
}
