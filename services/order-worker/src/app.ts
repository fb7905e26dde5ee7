import { ORDER_QUEUE_EVENTS, OrderCreatedEvent, resourceNames } from '@orderflow/contracts';
import { replayIdFor } from '@orderflow/domain/ids';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { createEventPublisher } from '@orderflow/platform/events/publisher';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { NO_TRACING, type Tracing } from '@orderflow/platform/telemetry/tracing';
import { createMetrics, type Metrics } from '@orderflow/platform/telemetry/metrics';
import { createWorker, type Worker, type WorkerOptions } from '@orderflow/platform/worker/create-worker';
import { on } from '@orderflow/platform/worker/dispatch';
import type { WorkItems } from '@orderflow/platform/work-item/process';
import { createAcceptToTerminal } from './accept-to-terminal.js';
import type { OrderWorkerEnv } from './config.js';
import type { Fulfilment } from './domain/fulfilment.js';
import { failExhaustedOrder, processOrder } from './domain/process-order.js';

export type Dependencies = {
  config: Readonly<OrderWorkerEnv>;
  aws: AwsClients;
  fulfilment: Fulfilment;
  logger: Logger;
  tracing?: Tracing;
  metrics?: Metrics;
  now: Clock;
  monotonic: MonotonicClock;
  onOutcome?: WorkerOptions['onOutcome'];
};

export function createApp(dependencies: Dependencies): Worker {
  const { config, aws, fulfilment, logger, now, monotonic, onOutcome } = dependencies;
  const { tracing = NO_TRACING, metrics = createMetrics('order-worker') } = dependencies;
  const names = resourceNames(config.STAGE);
  const executor = createStatementExecutor(aws.dynamo);
  const table = ordersTable(names, { notifies: config.NOTIFY_ON_ORDER_OUTCOME });
  const orders: WorkItems = {
    table,
    executor,
    now,
    leaseMs: config.VISIBILITY_TIMEOUT_SECONDS * 1_000,
    markerDelayMs: config.OUTBOX_DELAY_MS,
  };
  const timed = createAcceptToTerminal(metrics, now);
  return createWorker({
    env: config,
    aws,
    executor,
    publisher: createEventPublisher(aws.eventBridge, { bus: names.bus, tracing }),
    logger,
    tracing,
    metrics,
    now,
    monotonic,
    queue: names.orderQueue,
    deadLetterQueue: names.orderDeadLetterQueue,
    uses: { bus: names.bus, rules: [names.orderCreatedRule], tables: [table] },
    expected: ORDER_QUEUE_EVENTS,
    registrations: [
      on(OrderCreatedEvent, timed(processOrder(orders, fulfilment)), timed(failExhaustedOrder(orders, fulfilment))),
    ],
    replayIdOf: replayIdFor,
    ...(onOutcome ? { onOutcome } : {}),
  });
}
