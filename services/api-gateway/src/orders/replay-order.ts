import { Injectable } from '@nestjs/common';
import { type Order } from '@orderflow/contracts';
import { toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { restartIdFor, whyNotRestartable } from '@orderflow/domain/restart';
import { restartItem } from '@orderflow/platform/work-item/restart';
import { ApiEnv } from '../config.js';
import type { Caller } from '../identity/caller.js';
import { ApiProblem } from '../http/problems/api-problem.js';
import { Publisher } from '../infrastructure/publisher.js';
import { Orders } from '../infrastructure/stored-items.js';
import { Clock, StatementExecutor } from '../infrastructure/tokens.js';

const notReplayable = (why: string) => new ApiProblem('ORDER_NOT_REPLAYABLE', `The order was not replayed: ${why}.`);

@Injectable()
export class ReplayOrder {
  constructor(
    private readonly executor: StatementExecutor,
    private readonly orders: Orders,
    private readonly publisher: Publisher,
    private readonly now: Clock,
    private readonly config: ApiEnv,
  ) {}

  /** Restarts a failed order from its stored item. @throws ApiProblem ORDER_NOT_FOUND, ORDER_NOT_REPLAYABLE */
  async replay(caller: Caller, orderId: string): Promise<Order> {
    const seen = await this.orders.getRecord(caller, orderId);
    const refusal = whyNotRestartable(seen);
    if (refusal !== undefined) throw notReplayable(refusal);

    const life = { replayId: restartIdFor(orderId, seen), markerDelayMs: this.config.OUTBOX_DELAY_MS };
    const result = await restartItem(this.executor, this.orders.table, { seen, ...life }, this.now);
    if (result.kind === 'refused') throw notReplayable('it was changed meanwhile');
    const order = result.item as OrderRecord;
    this.publisher.publishSoon(orderCreated(order));
    return toOrder(order);
  }
}
