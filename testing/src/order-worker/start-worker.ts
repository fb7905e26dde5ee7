import { afterEach } from '@jest/globals';
import {
  NotificationRequestedEvent,
  OrderCompletedEvent,
  OrderCreatedEvent,
  OrderFailedEvent,
  resourceNames,
} from '@orderflow/contracts';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { NO_TRACING, type Tracing } from '@orderflow/platform/telemetry/tracing';
import { eventually } from '../eventually.js';
import { createWorkerSystem } from '../worker-system.js';
import { anOrder } from './orders.js';
import type { Worker } from '@orderflow/platform/worker/create-worker';
import { createApp } from '../../../services/order-worker/src/app.js';
import { loadConfig } from '../../../services/order-worker/src/config.js';
import type {
  CancelRequest,
  Fulfilment,
  FulfilmentRequest,
} from '../../../services/order-worker/src/fulfilment/fulfilment.js';

export const NAMES = resourceNames('test');

const running = new Set<Worker>();
afterEach(async () => {
  await Promise.all([...running].map((worker) => worker.stop()));
  running.clear();
});

/** The order worker with fakes, stopped after each test. By default, orders are fulfilled and can be cancelled. */
export function createOrderSystem(env: NodeJS.ProcessEnv = {}, tracing: Tracing = NO_TRACING) {
  const system = createWorkerSystem({
    queue: NAMES.orderQueue,
    deadLetterQueue: NAMES.orderDeadLetterQueue,
    table: ordersTable(NAMES),
    rules: [
      {
        name: NAMES.orderCreatedRule,
        eventBusName: NAMES.bus,
        detailTypes: [OrderCreatedEvent.type],
        queue: NAMES.orderQueue,
      },
      {
        name: NAMES.orderOutcomesRule,
        eventBusName: NAMES.bus,
        detailTypes: [OrderCompletedEvent.type, OrderFailedEvent.type, NotificationRequestedEvent.type],
        queue: NAMES.notificationQueue,
      },
    ],
  });
  const requests: FulfilmentRequest[] = [];
  const cancels: CancelRequest[] = [];
  const plan: Fulfilment = { fulfil: async () => ({ fulfilled: true }), cancel: async () => 'cancelled' };
  const worker = createApp({
    config: loadConfig({ STAGE: 'test', WORKER_POLLERS: '2', ...env }),
    aws: system.clients,
    fulfilment: {
      fulfil: (request) => {
        requests.push(request);
        return plan.fulfil(request);
      },
      cancel: (request) => {
        cancels.push(request);
        return plan.cancel(request);
      },
    },
    logger: system.log.logger,
    tracing,
    now: system.now,
    monotonic: system.monotonic,
    onOutcome: system.outcomes.record,
  });
  running.add(worker);
  return { ...system, worker, requests, cancels, plan, order: system.item };
}

export type OrderSystem = ReturnType<typeof createOrderSystem>;

export function startOrderWorker(env: NodeJS.ProcessEnv = {}, tracing?: Tracing): OrderSystem {
  const system = createOrderSystem(env, tracing);
  system.worker.start();
  return system;
}

/** A worker with one poller, which receives up to four messages at a time by now and has none. */
export async function startWarmWorker(): Promise<OrderSystem> {
  const system = startOrderWorker({ WORKER_POLLERS: '1' });
  for (const count of [1, 2]) {
    for (let n = 0; n < count; n++) system.send(anOrder(system).message);
    await system.outcomes.take(count);
    await eventually(() => system.queued().length === 0);
  }
  return system;
}
