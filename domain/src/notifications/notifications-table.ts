import { INDEXES, type ResourceNames } from '@orderflow/contracts';
import { ORDER_KEY } from '../orders/orders-table.js';
import { OUTBOX } from '../work-item-record.js';
import { notificationRequested, notificationSent } from './notification-events.js';
import { NOTIFICATION_STATES, type NotificationRecord } from './notification.js';

export const NOTIFICATION_KEY = 'notificationId';

/** The secondary index by which the notifications of an order are listed. */
export const NOTIFICATION_INDEXES = {
  byOrder: { name: INDEXES.byOrder, partition: ORDER_KEY, sort: 'createdAtId' },
} as const;

/**
 * The notifications table: how its work items are named, keyed, published and indexed.
 * @param options.retentionDays how long a notification is kept after it was sent or failed; absent: forever
 */
export function notificationsTable(
  { notificationsTable: name }: Pick<ResourceNames, 'notificationsTable'>,
  { retentionDays }: { retentionDays?: number | undefined } = {},
) {
  return {
    name,
    key: NOTIFICATION_KEY,
    states: NOTIFICATION_STATES,
    outbox: OUTBOX,
    indexes: NOTIFICATION_INDEXES,
    createdEventOf: (notification: object) => notificationRequested(notification as NotificationRecord),
    outcomeEventOf: (notification: object) => notificationSent(notification as NotificationRecord),
    /** No consumer has to confirm that a notification was sent. */
    confirmedBy: [] as readonly string[],
    retentionDays,
  } as const;
}
