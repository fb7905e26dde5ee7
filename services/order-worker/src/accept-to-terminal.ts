import { OrderCompletedEvent, type OrderCreatedEvent } from '@orderflow/contracts';
import { ORDER_ACCEPT_TO_TERMINAL } from '@orderflow/domain/orders/order-metrics';
import type { Clock } from '@orderflow/platform/runtime/clock';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import type { Handler } from '@orderflow/platform/worker/delivery';

/**
 * Measures the time from an order's acceptance to its outcome. Replays are excluded: their orders waited for an operator.
 */
export function createAcceptToTerminal(metrics: Metrics, now: Clock) {
  const seconds = metrics.histogram(ORDER_ACCEPT_TO_TERMINAL);
  return (handle: Handler<OrderCreatedEvent>): Handler<OrderCreatedEvent> =>
    async (event, delivery) => {
      const result = await handle(event, delivery);
      if (result.outcome === 'processed' && delivery.replayId === undefined) {
        const status = result.events.some(({ type }) => type === OrderCompletedEvent.type) ? 'COMPLETED' : 'FAILED';
        // The API's clock may be ahead of ours.
        seconds.observe({ status }, Math.max(0, now() - Date.parse(event.metadata.occurredAt)) / 1_000);
      }
      return result;
    };
}
