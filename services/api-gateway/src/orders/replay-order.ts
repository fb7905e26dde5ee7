import { Inject, Injectable } from '@nestjs/common';
import { type Order } from '@orderflow/contracts';
import { toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { restartIdFor, whyNotRestartable } from '@orderflow/domain/restart';
import type { StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import type { Clock } from '@orderflow/platform/runtime/clock';
import { restartItem } from '@orderflow/platform/work-item/restart';
import { SoonPublisher } from '../accepting/soon-publisher.js';
import { ApiEnv } from '../config.js';
import { ApiProblem } from '../http/problems/api-problem.js';
import { CLOCK, EXECUTOR, ORDERS, type StoredItems } from '../infrastructure/tokens.js';
import { readRecord } from './read-order.js';

const notReplayable = (why: string) => new ApiProblem('ORDER_NOT_REPLAYABLE', `The order was not replayed: ${why}.`);

@Injectable()
export class ReplayOrder {
  constructor(
    @Inject(EXECUTOR) private readonly executor: StatementExecutor,
    @Inject(ORDERS) private readonly orders: StoredItems,
    private readonly soon: SoonPublisher,
    @Inject(CLOCK) private readonly now: Clock,
    private readonly config: ApiEnv,
  ) {}

  /** Restarts a failed order from its stored item. @throws ApiProblem ORDER_NOT_FOUND, ORDER_NOT_REPLAYABLE */
  async replay(orderId: string): Promise<Order> {
    const seen = await readRecord(this.orders, orderId);
    const refusal = whyNotRestartable(seen);
    if (refusal !== undefined) throw notReplayable(refusal);

    const life = { replayId: restartIdFor(orderId, seen), markerDelayMs: this.config.OUTBOX_DELAY_MS };
    const result = await restartItem(this.executor, this.orders.table, { seen, ...life }, this.now);
    if (result.kind === 'refused') throw notReplayable('it was changed meanwhile');
    const order = result.item as OrderRecord;
    this.soon.publish(orderCreated(order));
    return toOrder(order);
  }
}
