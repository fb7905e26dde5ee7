import type {
  CreateNotificationRequest,
  Notification,
  NotificationChannel,
  NotificationStatus,
} from '@orderflow/contracts';
import { storedFailure } from '../failure.js';
import { pick } from '../pick.js';
import { newWorkItem, type Accepted, type WorkItemRecord } from '../work-item-record.js';

/** The notifications' words for the states of a work item. */
export const NOTIFICATION_STATES = {
  pending: 'PENDING',
  processing: 'SENDING',
  completed: 'SENT',
  failed: 'FAILED',
} as const satisfies Record<string, NotificationStatus>;

/** A stored notification. */
export type NotificationRecord = WorkItemRecord & {
  notificationId: string;
  orderId: string;
  status: NotificationStatus;
  channel: NotificationChannel;
  message: string;
  sentAt?: string;
  /** The event that caused it; absent when a client requested it. */
  causationId?: string;
};

/** A new notification, as its insert writes it. */
export function newNotificationRecord(
  notification: Accepted<CreateNotificationRequest> & Pick<NotificationRecord, 'notificationId' | 'causationId'>,
): NotificationRecord {
  const { notificationId, request, now, outboxAt, ...context } = notification;
  return {
    notificationId,
    ...newWorkItem(notificationId, NOTIFICATION_STATES.pending, { now, outboxAt }),
    ...pick(request, 'orderId', 'channel', 'message'),
    ...context,
  };
}

/** What clients see of a stored notification. */
export function toNotification(record: NotificationRecord): Notification {
  const { status, failure } = record;
  return {
    ...pick(record, 'notificationId', 'orderId', 'status', 'version', 'channel', 'message'),
    ...pick(record, 'createdAt', 'updatedAt', 'sentAt', 'correlationId'),
    ...(failure && status === NOTIFICATION_STATES.failed ? { failure: storedFailure(failure) } : {}),
  };
}

/** A stored notification as it was when it was accepted, whatever happened since. */
export function toAcceptedNotification({ sentAt: _sentAt, ...record }: NotificationRecord): Notification {
  return toNotification({ ...record, status: NOTIFICATION_STATES.pending, version: 1, updatedAt: record.createdAt });
}
