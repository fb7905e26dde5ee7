import { notificationIdFor } from '@orderflow/domain/ids';
import { NOTIFICATION_STATES, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { isFinished } from '@orderflow/platform/work-item/work-item';
import {
  checkUnfinished,
  effectsProblem,
  inSeconds,
  isExpiring,
  overdueMs,
  problem,
  type Circumstances,
  type Problem,
  type Verdict,
} from './check-item.js';
import { outcomeNotificationId } from './check-order.js';

/** A caused notification must belong to its order's outcome. If the order was replayed, an earlier outcome counts too. */
function causeProblems(notification: NotificationRecord, order: OrderRecord): Problem[] {
  const { causationId, notificationId, createdAt, expiresAt } = notification;
  if (causationId === undefined) return [];
  if (notificationId !== notificationIdFor(causationId)) {
    return [problem('stray-notification', `its id does not follow from the event ${causationId} that caused it`)];
  }
  if (notificationId === outcomeNotificationId(order) || order.lastReplayId !== '') return [];
  // The order that caused it has expired, and its idempotency key was used again.
  if (expiresAt !== undefined && createdAt < order.createdAt) return [];
  const about = `${order.status}, version ${order.version}`;
  const text = `caused by event ${causationId}, which is not an outcome of its order (${about})`;
  return [problem('stray-notification', text)];
}

/**
 * Whether the order may have expired before its notification. The order of an outcome's notification is kept at least
 * as long as the notification would be if it had ended when it was created. A requested notification can be much
 * younger than its order.
 */
function mayOutlive(
  { causationId, createdAt, updatedAt, expiresAt }: NotificationRecord,
  around: Circumstances,
): boolean {
  if (expiresAt === undefined) return false;
  const keptMs = expiresAt * 1_000 - Date.parse(updatedAt);
  return causationId === undefined || isExpiring(Date.parse(createdAt) + keptMs, around);
}

function originProblems(notification: NotificationRecord, order: OrderRecord | undefined, around: Circumstances) {
  const { orderId } = notification;
  if (!order) {
    return mayOutlive(notification, around) ? [] : [problem('from-nowhere', `its order ${orderId} does not exist`)];
  }
  if (order.erasedOn === undefined) return causeProblems(notification, order);
  return [problem('not-erased', `the personal data of its order ${orderId} was erased on ${order.erasedOn}`)];
}

export function checkNotification(
  notification: NotificationRecord,
  order: OrderRecord | undefined,
  around: Circumstances,
): Verdict {
  const origin = originProblems(notification, order, around);
  if (!isFinished({ states: NOTIFICATION_STATES }, notification)) {
    const verdict = checkUnfinished(notification, NOTIFICATION_STATES, 'notificationQueue', around);
    return { ...verdict, problems: [...origin, ...verdict.problems] };
  }
  const problems = [...origin, ...effectsProblem(notification, 1)];
  const lateMs = overdueMs(notification, around);
  if (lateMs === undefined) return { class: 'terminal', problems };
  const text = `${notification.status}, but its marker is still there, due for ${inSeconds(lateMs)}`;
  return { class: 'terminal', problems: [...problems, problem('marker-left', text)] };
}
