import { contentHashOf, OrderCreatedEvent, QUEUE_EVENTS, resourceNames } from '@orderflow/contracts';
import { replayIdFor } from '@orderflow/domain/ids';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { createStore, createWorker, type AppDependencies, type Worker } from '@orderflow/platform/worker/create-worker';
import { on } from '@orderflow/platform/worker/dispatch';
import { createAcceptToTerminal } from './accept-to-terminal.js';
import type { OrderWorkerEnv } from './config.js';
import { checkFulfilment } from './fulfilment/check-fulfilment.js';
import type { Fulfilment } from './fulfilment/fulfilment.js';
import { endExhaustedOrder, processOrder } from './process-order.js';

type Dependencies = AppDependencies<OrderWorkerEnv> & { fulfilment: Fulfilment };

export function createApp(dependencies: Dependencies): Worker {
  const { config, metrics = createMetrics('order-worker'), now } = dependencies;
  const names = resourceNames(config.STAGE);
  const { NOTIFY_ON_ORDER_OUTCOME: notifies, RETENTION_DAYS: retentionDays } = config;
  const orders = createStore(ordersTable(names, { notifies, retentionDays }), dependencies);
  const fulfilment = checkFulfilment(dependencies.fulfilment);
  const timed = createAcceptToTerminal(metrics, now);
  return createWorker({
    ...dependencies,
    env: config,
    executor: orders.executor,
    metrics,
    queue: names.orderQueue,
    deadLetterQueue: names.orderDeadLetterQueue,
    uses: { bus: names.bus, rules: [names.orderCreatedRule], tables: [orders.table] },
    expected: QUEUE_EVENTS.orders,
    registrations: [
      on(OrderCreatedEvent, timed(processOrder(orders, fulfilment)), timed(endExhaustedOrder(orders, fulfilment))),
    ],
    replayIdOf: replayIdFor,
    contentHashOf,
  });
}
