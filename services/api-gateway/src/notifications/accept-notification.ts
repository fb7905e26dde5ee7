import { Injectable } from '@nestjs/common';
import { type CreateNotificationRequest, type Notification } from '@orderflow/contracts';
import { idForKey, newId } from '@orderflow/domain/ids';
import { newNotificationRecord, toAcceptedNotification } from '@orderflow/domain/notifications/notification';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import { Acceptance, keyOwnerOf } from '../accepting/acceptance.js';
import { ApiProblem } from '../http/problems/api-problem.js';
import type { Caller } from '../identity/caller.js';
import type { RequestContext } from '../http/requests/request-context.js';
import { Notifications, Orders } from '../infrastructure/stored-items.js';

/** Accepts a notification about an existing order. */
@Injectable()
export class AcceptNotification {
  constructor(
    private readonly acceptance: Acceptance,
    private readonly notifications: Notifications,
    private readonly orders: Orders,
  ) {}

  /** @throws ApiProblem ORDER_NOT_FOUND */
  async accept(
    caller: Caller,
    request: CreateNotificationRequest,
    context: RequestContext,
  ): Promise<{ notification: Notification; isRepeat: boolean }> {
    const { customerId, erasedOn } = await this.orders.get(caller, request.orderId, ['customerId', 'erasedOn']);
    // After the erasure, nothing would find the text of a new notification to erase it.
    if (erasedOn !== undefined) throw new ApiProblem('ORDER_NOT_FOUND', 'The personal data of this order was erased.');
    const { idempotencyKey } = context;
    const notificationId =
      idempotencyKey === undefined
        ? newId()
        : idForKey('notification', keyOwnerOf(caller, String(customerId)), idempotencyKey);
    const record = newNotificationRecord({ notificationId, ...this.acceptance.fieldsFor(request, context) });
    const { stored, isRepeat } = await this.acceptance.insertOnce(this.notifications, record, notificationRequested);
    return { notification: toAcceptedNotification(stored), isRepeat };
  }
}
