import { Injectable } from '@nestjs/common';
import { type CreateOrderRequest, type Order } from '@orderflow/contracts';
import { idForKey, newId } from '@orderflow/domain/ids';
import { newOrderRecord, toAcceptedOrder } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { Acceptance, keyOwnerOf } from '../accepting/acceptance.js';
import { maySee, type Caller } from '../identity/caller.js';
import { customerNotFound } from '../http/problems/api-problem.js';
import type { RequestContext } from '../http/requests/request-context.js';
import { Orders } from '../infrastructure/stored-items.js';
import { OrderMetrics } from './order-metrics.js';

/** Accepts an order. Once its item is stored, the order cannot be lost: the insert carries the outbox marker. */
@Injectable()
export class AcceptOrder {
  constructor(
    private readonly acceptance: Acceptance,
    private readonly orders: Orders,
    private readonly metrics: OrderMetrics,
  ) {}

  /** @throws ApiProblem CUSTOMER_NOT_FOUND for an order of another customer; IDEMPOTENCY_KEY_REUSED */
  async accept(
    caller: Caller,
    request: CreateOrderRequest,
    context: RequestContext,
  ): Promise<{ order: Order; isRepeat: boolean }> {
    const { customerId } = request;
    if (!maySee(caller, customerId)) throw customerNotFound();
    const { idempotencyKey } = context;
    const orderId =
      idempotencyKey === undefined ? newId() : idForKey('order', keyOwnerOf(caller, customerId), idempotencyKey);
    const record = newOrderRecord({ orderId, ...this.acceptance.fieldsFor(request, context) });
    const { stored, isRepeat } = await this.acceptance.insertOnce(this.orders, record, orderCreated);
    if (!isRepeat) this.metrics.created(stored.totalAmount);
    return { order: toAcceptedOrder(stored), isRepeat };
  }
}
