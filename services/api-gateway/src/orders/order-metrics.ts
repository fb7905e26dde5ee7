import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { ORDER_ACCEPT_TO_TERMINAL } from '@orderflow/domain/orders/order-metrics';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';

/** The API's order metrics. */
export function createOrderMetrics(metrics: Metrics) {
  const created = metrics.counter({ name: 'order_created_total', help: 'Orders that were accepted.' });
  const amount = metrics.histogram({
    name: 'order_amount',
    help: 'Total amount of accepted orders, in the currency that all orders share.',
    buckets: [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000],
  });
  const acceptToTerminal = metrics.histogram(ORDER_ACCEPT_TO_TERMINAL);
  return {
    /** Called once per order, not for repeated requests. */
    created: (totalAmount: number): void => {
      created.inc();
      amount.observe(totalAmount);
    },
    /** Called when the sweeper gave up an order. Skips replays, like the workers: they had an outcome before. */
    gaveUp: ({ createdAt, updatedAt, lastReplayId }: OrderRecord): void => {
      if (lastReplayId !== '') return;
      const seconds = Math.max(0, Date.parse(updatedAt) - Date.parse(createdAt)) / 1_000;
      acceptToTerminal.observe({ status: ORDER_STATES.failed }, seconds);
    },
  };
}

export const ORDER_METRICS = Symbol('ORDER_METRICS');
export type OrderMetrics = ReturnType<typeof createOrderMetrics>;
