import { type CreateOrderRequest, type Order } from '@orderflow/contracts';
import { idForKey, newId } from '@orderflow/domain/ids';
import { newOrderRecord, toAcceptedOrder } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { acceptOnce, type AcceptDependencies } from '../accepting/accept-once.js';
import type { RequestContext } from '../http/requests/request-context.js';
import { requestHash } from '../accepting/request-hash.js';

/** `isRepeat`: the idempotency key was used before, and this is the original answer. */
export type AcceptedOrder = { order: Order; isRepeat: boolean };

/** Accepts an order. Once its item is stored, the order cannot be lost: the insert carries the outbox marker. */
export function createAcceptOrder(dependencies: AcceptDependencies & { onCreated: (totalAmount: number) => void }) {
  const { now, outboxDelayMs, onCreated } = dependencies;

  return async (request: CreateOrderRequest, context: RequestContext): Promise<AcceptedOrder> => {
    const { idempotencyKey, ...trace } = context;
    const acceptedAt = now();
    const record = newOrderRecord({
      orderId: idempotencyKey === undefined ? newId() : idForKey('order', request.customerId, idempotencyKey),
      request,
      requestHash: requestHash(request, idempotencyKey),
      ...trace,
      now: acceptedAt,
      outboxAt: acceptedAt + outboxDelayMs,
    });
    const { stored, isRepeat } = await acceptOnce(dependencies, record.orderId, record, orderCreated);
    if (!isRepeat) onCreated(stored.totalAmount);
    return { order: toAcceptedOrder(stored), isRepeat };
  };
}

export const ACCEPT_ORDER = Symbol('ACCEPT_ORDER');
export type AcceptOrder = ReturnType<typeof createAcceptOrder>;
