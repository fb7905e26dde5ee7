import { ORDER_QUEUE_EVENTS, ORDER_STATES, OrderCreated, outboxShardOf, resourceNames } from '@orderflow/contracts';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import type { Clock } from '@orderflow/platform/clock';
import type { Logger } from '@orderflow/platform/logger';
import { createEventPublisher } from '@orderflow/platform/outbox/event-publisher';
import { createStatementExecutor } from '@orderflow/platform/statements/executor';
import { createWorker, type Worker, type WorkerOptions } from '@orderflow/platform/worker/create-worker';
import { on } from '@orderflow/platform/worker/route';
import type { ItemTable } from '@orderflow/platform/worker/work-on-item';
import type { OrderWorkerEnv } from './config.js';
import type { Fulfilment } from './domain/fulfilment.js';
import { failExhaustedOrder, processOrder } from './domain/process-order.js';

export type Dependencies = {
  config: Readonly<OrderWorkerEnv>;
  aws: AwsClients;
  fulfilment: Fulfilment;
  logger: Logger;
  now: Clock;
  onOutcome?: WorkerOptions['onOutcome'];
};

export function createApp({ config, aws, fulfilment, logger, now, onOutcome }: Dependencies): Worker {
  const names = resourceNames(config.STAGE);
  const orders: ItemTable = {
    executor: createStatementExecutor(aws.dynamo),
    lifecycle: { table: names.ordersTable, key: 'orderId', states: ORDER_STATES },
    now,
    leaseMs: config.VISIBILITY_TIMEOUT_SECONDS * 1_000,
    markerDelayMs: config.OUTBOX_DELAY_MS,
    outboxShardOf,
    outcomesAreConfirmed: config.NOTIFY_ON_ORDER_OUTCOME,
  };
  return createWorker({
    env: config,
    aws,
    publisher: createEventPublisher(aws.eventBridge, { bus: names.bus }),
    logger,
    now,
    queue: names.orderQueue,
    deadLetterQueue: names.orderDeadLetterQueue,
    uses: { bus: names.bus, rules: [names.orderCreatedRule], tables: [{ name: names.ordersTable, key: 'orderId' }] },
    expected: ORDER_QUEUE_EVENTS,
    registrations: [on(OrderCreated, processOrder(orders, fulfilment), failExhaustedOrder(orders))],
    ...(onOutcome ? { onOutcome } : {}),
  });
}
