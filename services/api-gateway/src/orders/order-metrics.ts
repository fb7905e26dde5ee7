import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { ORDER_ACCEPT_TO_TERMINAL } from '@orderflow/domain/orders/order-metrics';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';

/** What the API measures of orders. */
export function createOrderMetrics(metrics: Metrics) {
  const created = metrics.counter({ name: 'order_created_total', help: 'Orders that were accepted.' });
  const amount = metrics.histogram({
    name: 'order_amount',
    help: 'Total amount of accepted orders, in the currency that all orders have.',
    buckets: [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000],
  });
  const acceptToTerminal = metrics.histogram(ORDER_ACCEPT_TO_TERMINAL);
  return {
    /** Once an order: the answer to a repeated request is not another order. */
    created: (totalAmount: number): void => {
      created.inc();
      amount.observe(totalAmount);
    },
    /** The sweeper has ended it. As with workers not of a replay: its order had an outcome before. */
    gaveUp: ({ createdAt, updatedAt, lastReplayId }: OrderRecord): void => {
      if (lastReplayId !== '') return;
      const seconds = Math.max(0, Date.parse(updatedAt) - Date.parse(createdAt)) / 1_000;
      acceptToTerminal.observe({ status: ORDER_STATES.failed }, seconds);
    },
  };
}

export const ORDER_METRICS = Symbol('ORDER_METRICS');
export type OrderMetrics = ReturnType<typeof createOrderMetrics>;
