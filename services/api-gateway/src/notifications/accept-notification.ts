import { type CreateNotificationRequest, type Notification } from '@orderflow/contracts';
import { idForKey, newId } from '@orderflow/domain/ids';
import { newNotificationRecord, toAcceptedNotification } from '@orderflow/domain/notifications/notification';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { acceptOnce, type AcceptDependencies } from '../accepting/accept-once.js';
import type { RequestContext } from '../http/requests/request-context.js';
import { requestHash } from '../accepting/request-hash.js';
import { requireOrder } from '../orders/read-order.js';

export type AcceptedNotification = { notification: Notification; isRepeat: boolean };

/** Accepts a notification about an existing order. */
export function createAcceptNotification(dependencies: AcceptDependencies & { orders: TableReader }) {
  const { now, outboxDelayMs, orders } = dependencies;

  /** @throws ApiProblem ORDER_NOT_FOUND */
  return async (request: CreateNotificationRequest, context: RequestContext): Promise<AcceptedNotification> => {
    const { customerId } = await requireOrder(orders, request.orderId, ['customerId']);

    const { idempotencyKey, ...trace } = context;
    const acceptedAt = now();
    const record = newNotificationRecord({
      notificationId:
        idempotencyKey === undefined ? newId() : idForKey('notification', String(customerId), idempotencyKey),
      request,
      requestHash: requestHash(request, idempotencyKey),
      ...trace,
      now: acceptedAt,
      outboxAt: acceptedAt + outboxDelayMs,
    });
    const { notificationId } = record;
    const { stored, isRepeat } = await acceptOnce(dependencies, notificationId, record, notificationRequested);
    return { notification: toAcceptedNotification(stored), isRepeat };
  };
}

export const ACCEPT_NOTIFICATION = Symbol('ACCEPT_NOTIFICATION');
export type AcceptNotification = ReturnType<typeof createAcceptNotification>;
