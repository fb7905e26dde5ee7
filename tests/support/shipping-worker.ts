/** The new files of a worker that ships completed orders and publishes OrderShipped. */

const app = `import { contentHashOf, OrderCompletedEvent, QUEUE_EVENTS, resourceNames } from '@orderflow/contracts';
import { replayIdFor } from '@orderflow/domain/ids';
import { ORDER_OUTCOME_FIELDS } from '@orderflow/domain/orders/order-events';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { watchDenials } from '@orderflow/platform/aws/watch-denials';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { createWorker, type AppDependencies, type Worker } from '@orderflow/platform/worker/create-worker';
import { createBelieveOutcome } from '@orderflow/platform/work-item/stored-outcome';
import { on } from '@orderflow/platform/worker/dispatch';
import type { ShippingWorkerEnv } from './config.js';
import { leaveInDeadLetters, shipOrder, type Carrier } from './ship-order.js';

type Dependencies = AppDependencies<ShippingWorkerEnv> & { carrier: Carrier };

export function createApp(given: Dependencies): Worker {
  const dependencies = watchDenials('shipping-worker', given);
  const { config, aws, carrier, metrics = createMetrics('shipping-worker') } = dependencies;
  const names = resourceNames(config.STAGE);
  const orders = ordersTable(names);
  const believeOutcome = createBelieveOutcome(aws.dynamo, orders, ORDER_OUTCOME_FIELDS);
  return createWorker({
    ...dependencies,
    env: config,
    executor: createStatementExecutor(aws.dynamo),
    metrics,
    queue: names.shippingQueue,
    deadLetterQueue: names.shippingDeadLetterQueue,
    uses: { bus: names.bus, rules: [names.ordersToShipRule], tables: [orders] },
    expected: QUEUE_EVENTS.shipments,
    registrations: [on(OrderCompletedEvent, shipOrder(carrier, believeOutcome), leaveInDeadLetters)],
    replayIdOf: replayIdFor,
    contentHashOf,
  });
}
`;

const config = `import { REDACTED_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { IsPort, parseEnv } from '@orderflow/platform/runtime/config';
import { WorkerEnv, workerRules } from '@orderflow/platform/worker/worker-env';

export class ShippingWorkerEnv extends WorkerEnv {
  @IsPort()
  PORT = 3050;

  override LOG_REDACT = REDACTED_LOG_FIELDS;
}

export function loadConfig(env: NodeJS.ProcessEnv): Readonly<ShippingWorkerEnv> {
  return parseEnv(ShippingWorkerEnv, env, workerRules);
}
`;

const main = `import { LEADING_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { runWorker } from '@orderflow/platform/worker/run-worker';
import { createApp } from './app.js';
import { loadConfig } from './config.js';
import { createLoggingCarrier } from './ship-order.js';

await runMain(() =>
  runWorker({
    service: 'shipping-worker',
    config: loadConfig(process.env),
    leadingLogFields: LEADING_LOG_FIELDS,
    now: Date.now,
    createApp: (dependencies) => createApp({ ...dependencies, carrier: createLoggingCarrier(dependencies) }),
  }),
);
`;

const handler = `import { OrderCompletedEvent, OrderShippedEvent } from '@orderflow/contracts';
import { eventIdFor } from '@orderflow/domain/ids';
import type { Clock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { askOutside } from '@orderflow/platform/worker/ask-outside';
import type { BelieveOutcome } from '@orderflow/platform/work-item/stored-outcome';
import type { Handler } from '@orderflow/platform/worker/delivery';

type Parcel = { idempotencyKey: string; orderId: string; signal: AbortSignal };

/** Ships a parcel once per idempotency key, and says when. */
export type Carrier = { ship(parcel: Parcel): Promise<{ shippedAt: string }> };

export function createLoggingCarrier({ logger, now }: { logger: Logger; now: Clock }): Carrier {
  return {
    ship: ({ orderId }) => {
      logger.info('parcel handed over', { orderId });
      return Promise.resolve({ shippedAt: new Date(now()).toISOString() });
    },
  };
}

export function shipOrder(carrier: Carrier, believeOutcome: BelieveOutcome): Handler<OrderCompletedEvent> {
  return async ({ data: { orderId, orderVersion } }, { fields, signal, contentHash }) => {
    fields.orderId = orderId;
    const reported = { type: OrderCompletedEvent.type, version: orderVersion, contentHash };
    const stored = await believeOutcome(orderId, reported);
    if (!stored) return { outcome: 'duplicate', events: [] };
    const { eventId: causationId = '', correlationId, traceparent } = stored.detail.metadata;
    const parcel = { idempotencyKey: causationId, orderId, signal };
    const { shippedAt } = await askOutside('the carrier', () => carrier.ship(parcel));
    const { source, type, version } = OrderShippedEvent;
    const eventId = eventIdFor(orderId, type, orderVersion);
    const context = { eventId, version, occurredAt: shippedAt, correlationId, causationId, traceparent };
    return {
      outcome: 'processed',
      events: [{ source, type, detail: { metadata: context, data: { orderId, shippedAt } } }],
    };
  };
}

/** Its dead letter is all that is left of the shipment; an operator replays it. */
export const leaveInDeadLetters: Handler<OrderCompletedEvent> = () =>
  Promise.resolve({ outcome: 'processed', events: [] });
`;

const componentTest = `import { afterEach, describe, expect, it } from '@jest/globals';
import { OrderCompletedEvent, resourceNames } from '@orderflow/contracts';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { Worker } from '@orderflow/platform/worker/create-worker';
import { anOutcome } from '@orderflow/testing/notification-worker/messages';
import { createWorkerSystem } from '@orderflow/testing/worker-system';
import { createApp } from './app.js';
import { loadConfig } from './config.js';

const NAMES = resourceNames('test');
let worker: Worker | undefined;
afterEach(() => worker?.stop());

function start() {
  const rule = { eventBusName: NAMES.bus, name: NAMES.ordersToShipRule, detailTypes: [OrderCompletedEvent.type] };
  const system = createWorkerSystem({
    queue: NAMES.shippingQueue,
    deadLetterQueue: NAMES.shippingDeadLetterQueue,
    table: ordersTable(NAMES),
    rules: [{ ...rule, queue: NAMES.shippingQueue }],
  });
  const plan = { failures: 0 };
  worker = createApp({
    config: loadConfig({ STAGE: 'test', MAX_RECEIVES: '2' }),
    aws: system.clients,
    carrier: {
      ship: async () => {
        if (plan.failures-- > 0) throw new Error('the carrier is away');
        return { shippedAt: new Date(system.now()).toISOString() };
      },
    },
    logger: system.log.logger,
    now: system.now,
    monotonic: system.monotonic,
    onOutcome: system.outcomes.record,
  });
  worker.start();
  return { ...system, plan };
}

describe('the shipping worker', () => {
  it('ships a completed order and publishes OrderShipped', async () => {
    const system = start();
    const { order, orderId, message } = anOutcome('COMPLETED');
    system.aws.dynamo.seed(NAMES.ordersTable, order);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.published()).toMatchObject([
      { type: 'OrderShipped', source: 'orderflow.shipping-worker', detail: { data: { orderId } } },
    ]);
  });

  it('retries, and then dead-letters, what the carrier refuses', async () => {
    const system = start();
    system.plan.failures = 2;
    const { order, message } = anOutcome('COMPLETED');
    system.aws.dynamo.seed(NAMES.ordersTable, order);
    system.send(message);
    await system.untilEmpty();
    expect(system.deadLetters()).toMatchObject([{ code: 'RECEIVES_EXHAUSTED' }]);
  });

  it('ships nothing for an order that is not completed', async () => {
    const system = start();
    const { order, message } = anOutcome('COMPLETED');
    system.aws.dynamo.seed(NAMES.ordersTable, { ...order, status: 'PENDING', version: 1 });
    system.send(message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code: 'EVENT_MISMATCH' }]);
    expect(system.published()).toEqual([]);
  });
});
`;

export const FOLDER = 'services/shipping-worker';

/** Contents by path. */
export const NEW_FILES: Record<string, string> = {
  [`${FOLDER}/package.json`]: `{
  "name": "@orderflow/shipping-worker",
  "version": "0.1.0",
  "private": true,
  "license": "MIT",
  "type": "module",
  "dependencies": {
    "@orderflow/contracts": "0.1.0",
    "@orderflow/domain": "0.1.0",
    "@orderflow/platform": "0.1.0"
  }
}
`,
  [`${FOLDER}/tsconfig.json`]: `{
  "extends": "../../tsconfig.base.json",
  "compilerOptions": { "rootDir": "src", "outDir": "dist", "tsBuildInfoFile": "dist/.tsbuildinfo" },
  "include": ["src"],
  "exclude": ["src/**/*.test.ts"],
  "references": [{ "path": "../../contracts" }, { "path": "../../domain" }, { "path": "../../platform" }]
}
`,
  [`${FOLDER}/src/config.ts`]: config,
  [`${FOLDER}/src/app.ts`]: app,
  [`${FOLDER}/src/main.ts`]: main,
  [`${FOLDER}/src/ship-order.ts`]: handler,
  [`${FOLDER}/src/app.test.ts`]: componentTest,
};
