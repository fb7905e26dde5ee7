import { NOTIFICATION_STATUSES, ORDER_STATUSES, type NotificationStatus, type OrderStatus } from '@orderflow/contracts';
import type { NotificationRecord } from './notifications/notification.js';
import type { OrderRecord } from './orders/order.js';

type Item = Record<string, unknown>;

const isObject = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string';

const isTextIfAny = (value: unknown): boolean => value === undefined || isText(value);

const isTime = (value: unknown): boolean => isText(value) && !Number.isNaN(Date.parse(value));

function isEntry(entry: unknown): boolean {
  if (!isObject(entry)) return false;
  const { at, sentAt, version = 1, attempt = 1, messageId } = entry;
  return (
    isTime(at) &&
    (sentAt === undefined || isTime(sentAt)) &&
    typeof version === 'number' &&
    typeof attempt === 'number' &&
    isTextIfAny(messageId)
  );
}

/** Checks the attributes that readers of orders and notifications share. */
function isReadable({ version, createdAt, updatedAt, correlationId, timeline, failure, traceparent }: Item): boolean {
  return (
    Number.isInteger(version) &&
    isTime(createdAt) &&
    isTime(updatedAt) &&
    isText(correlationId) &&
    isTextIfAny(traceparent) &&
    isObject(timeline) &&
    Object.values(timeline).every(isEntry) &&
    (failure === undefined || (isObject(failure) && isText(failure.code)))
  );
}

const FOLLOWED = [
  ...['orderId', 'status', 'version', 'createdAt', 'updatedAt', 'failure'],
  ...['timeline', 'correlationId', 'traceparent', 'outcomeTraceparent'],
] as const;

/** The attributes that show how far an order is. Its order lines, which are most of its size, are left out. */
export const FOLLOWED_ORDER = [...FOLLOWED, 'customerId', 'totalAmount', 'lastReplayId'] as const;

export type FollowedOrder = Pick<OrderRecord, (typeof FOLLOWED_ORDER)[number]>;

/** The attributes that show what happened to a notification. Its message is left out. */
export const FOLLOWED_NOTIFICATION = [...FOLLOWED, 'notificationId', 'channel', 'causationId', 'sentAt'] as const;

export type FollowedNotification = Pick<NotificationRecord, (typeof FOLLOWED_NOTIFICATION)[number]>;

/*
 * Readers trust the items of a table. These checks come first, so that one malformed item, which anyone with access to
 * the table can write, does not fail the others.
 */

export function isFollowedOrder(item: Item): item is Item & FollowedOrder {
  const { orderId, status, customerId, totalAmount, lastReplayId } = item;
  return (
    isText(orderId) &&
    ORDER_STATUSES.includes(status as OrderStatus) &&
    isText(customerId) &&
    typeof totalAmount === 'number' &&
    isText(lastReplayId) &&
    isReadable(item)
  );
}

export function isOrderRecord(item: Item): item is Item & OrderRecord {
  return isFollowedOrder(item) && Array.isArray(item.items) && item.items.every(isObject);
}

export function isFollowedNotification(item: Item): item is Item & FollowedNotification {
  const { notificationId, orderId, status, channel, causationId } = item;
  return (
    isText(notificationId) &&
    isText(orderId) &&
    NOTIFICATION_STATUSES.includes(status as NotificationStatus) &&
    isText(channel) &&
    isTextIfAny(causationId) &&
    isReadable(item)
  );
}

export function isNotificationRecord(item: Item): item is Item & NotificationRecord {
  return isFollowedNotification(item) && isText(item.message);
}
