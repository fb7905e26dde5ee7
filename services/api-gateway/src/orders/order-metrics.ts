import { Injectable } from '@nestjs/common';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { ORDER_ACCEPT_TO_TERMINAL } from '@orderflow/domain/orders/order-metrics';
import { Metrics } from '../infrastructure/tokens.js';

/** The API's order metrics. */
@Injectable()
export class OrderMetrics {
  private readonly count;
  private readonly amount;
  private readonly acceptToTerminal;

  constructor(metrics: Metrics) {
    this.count = metrics.counter({ name: 'order_created_total', help: 'Orders that were accepted.' });
    this.amount = metrics.histogram({
      name: 'order_amount',
      help: 'Total amount of accepted orders, in the currency that all orders share.',
      buckets: [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000],
    });
    this.acceptToTerminal = metrics.histogram(ORDER_ACCEPT_TO_TERMINAL);
  }

  /** Called once per order, not for repeated requests. */
  created(totalAmount: number): void {
    this.count.inc();
    this.amount.observe(totalAmount);
  }

  /** Called when the sweeper gave up an order. Skips replays, like the workers: they had an outcome before. */
  gaveUp({ createdAt, updatedAt, lastReplayId }: OrderRecord): void {
    if (lastReplayId !== '') return;
    const seconds = Math.max(0, Date.parse(updatedAt) - Date.parse(createdAt)) / 1_000;
    this.acceptToTerminal.observe({ status: ORDER_STATES.failed }, seconds);
  }
}
