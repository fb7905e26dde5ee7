/**
 * "A worker" of CONTRIBUTING.md, followed for a worker that ships completed orders and publishes OrderShipped: new files,
 * and edits of existing ones.
 */

const app = `import { OrderCompletedEvent, QUEUE_EVENTS, resourceNames } from '@orderflow/contracts';
import { replayIdFor } from '@orderflow/domain/ids';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { createWorker, type AppDependencies, type Worker } from '@orderflow/platform/worker/create-worker';
import { on } from '@orderflow/platform/worker/dispatch';
import type { ShippingWorkerEnv } from './config.js';
import { leaveInDeadLetters, shipOrder, type Carrier } from './ship-order.js';

type Dependencies = AppDependencies<ShippingWorkerEnv> & { carrier: Carrier };

export function createApp(dependencies: Dependencies): Worker {
  const { config, aws, carrier, metrics = createMetrics('shipping-worker') } = dependencies;
  const names = resourceNames(config.STAGE);
  return createWorker({
    ...dependencies,
    env: config,
    executor: createStatementExecutor(aws.dynamo),
    metrics,
    queue: names.shippingQueue,
    deadLetterQueue: names.shippingDeadLetterQueue,
    uses: { bus: names.bus, rules: [names.ordersToShipRule], tables: [] },
    expected: QUEUE_EVENTS.shipments,
    registrations: [on(OrderCompletedEvent, shipOrder(carrier), leaveInDeadLetters)],
    replayIdOf: replayIdFor,
  });
}
`;

const config = `import { REDACTED_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { IsPort, parseEnv } from '@orderflow/platform/runtime/config';
import { WorkerEnv, workerRules } from '@orderflow/platform/worker/worker-env';

export class ShippingWorkerEnv extends WorkerEnv {
  @IsPort()
  PORT = 3040;

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

const handler = `import { OrderShippedEvent, type OrderCompletedEvent } from '@orderflow/contracts';
import { eventIdFor } from '@orderflow/domain/ids';
import type { Clock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { askOutside } from '@orderflow/platform/worker/ask-outside';
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

export function shipOrder(carrier: Carrier): Handler<OrderCompletedEvent> {
  return async ({ data: { orderId, orderVersion }, metadata }, { fields, signal }) => {
    fields.orderId = orderId;
    const { eventId: causationId, correlationId, traceparent } = metadata;
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
    const { orderId, message } = anOutcome('COMPLETED');
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.published()).toMatchObject([
      { type: 'OrderShipped', source: 'orderflow.shipping-worker', detail: { data: { orderId } } },
    ]);
  });

  it('retries, and then dead-letters, what the carrier refuses', async () => {
    const system = start();
    system.plan.failures = 2;
    system.send(anOutcome('COMPLETED').message);
    await system.untilEmpty();
    expect(system.deadLetters()).toMatchObject([{ code: 'RECEIVES_EXHAUSTED' }]);
  });
});
`;

const FOLDER = 'services/shipping-worker';

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

/** Replaces `found`, which must be there. */
function replaced(text: string, found: string | RegExp, by: string | ((match: string) => string)): string {
  const next = text.replace(found, by as string);
  if (next === text) throw new Error(`${String(found)} is not in the file`);
  return next;
}

const copyOfWorker = (text: string): string =>
  text
    .replaceAll('notification-worker', 'shipping-worker')
    .replaceAll('NOTIFICATION_WORKER', 'SHIPPING_WORKER')
    .replaceAll('3020-3029', '3040-3049');

/** Appends a copy of what is found, for the new worker. */
const doubled = (text: string, found: RegExp): string => replaced(text, found, (one) => `${one}${copyOfWorker(one)}`);

const queue = `
  ShippingQueue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      QueueName: !Sub \${Stage}-shipping-queue
      SqsManagedSseEnabled: true
      MessageRetentionPeriod: 345600
      VisibilityTimeout: !Ref VisibilityTimeoutSeconds
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt ShippingDeadLetterQueue.Arn
        maxReceiveCount: !Ref MaxReceiveCount

  ShippingDeadLetterQueue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      QueueName: !Sub \${Stage}-shipping-queue-dlq
      SqsManagedSseEnabled: true
      MessageRetentionPeriod: 1209600
      RedriveAllowPolicy:
        redrivePermission: byQueue
        sourceQueueArns:
          - !Sub arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${AWS::AccountId}:\${Stage}-shipping-queue

  ShippingQueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref ShippingQueue]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: RulesOfTheBus
            Effect: Allow
            Principal: { Service: events.amazonaws.com }
            Action: sqs:SendMessage
            Resource: !GetAtt ShippingQueue.Arn
            Condition:
              ArnEquals:
                aws:SourceArn:
                  - !Sub arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:rule/\${Bus}/\${Stage}-orders-to-ship

  OrdersToShipRule:
    Type: AWS::Events::Rule
    DependsOn: [ShippingQueuePolicy, UndeliveredQueuePolicy]
    Properties:
      Name: !Sub \${Stage}-orders-to-ship
      Description: Completed orders go to the shipping worker.
      EventBusName: !Ref Bus
      EventPattern:
        source: [{ prefix: orderflow. }]
        detail-type: [OrderCompleted]
      Targets:
        - Id: shipping-queue
          Arn: !GetAtt ShippingQueue.Arn
          DeadLetterConfig: { Arn: !GetAtt UndeliveredQueue.Arn }
`;

const eventClass = `
export class OrderShippedData {
  @IsId()
  orderId!: string;

  @IsISO8601()
  shippedAt!: string;
}

/** A completed order was handed to the carrier. */
export class OrderShippedEvent {
  static readonly type = 'OrderShipped';
  static readonly version = 1;
  static readonly source = 'orderflow.shipping-worker';

  @IsDefined()
  @ValidateNested()
  @Type(() => EventMetadata)
  metadata!: EventMetadata;

  @IsDefined()
  @ValidateNested()
  @Type(() => OrderShippedData)
  data!: OrderShippedData;
}
`;

/** From the old content to the new one, by path. */
export const EDITS: Record<string, (text: string) => string> = {
  'contracts/src/events/order-events.ts': (text) => `${text}${eventClass}`,
  'contracts/src/index.ts': (text) =>
    replaced(text, '  OrderFailedData,\n', '  OrderFailedData,\n  OrderShippedData,\n  OrderShippedEvent,\n'),
  'contracts/src/topology.js': (text) => {
    const service = `  'shipping-worker': { port: 3040, portVariable: 'SHIPPING_WORKER_PORT', publishes: 'what it shipped' },\n`;
    const entry = `  shipments: {
    name: 'shipping-queue',
    worker: 'shipping-worker',
    rules: { 'orders-to-ship': ['OrderCompleted'] },
    operation: 'shipOrders',
    does: 'ships completed orders',
  },
`;
    const withService = replaced(text, / {2}'notification-worker': .+\n/, (line) => line + service);
    return replaced(withService, /\}\);\n$/, `${entry}});\n`);
  },
  'infrastructure/template.yaml': (text) => {
    const line = `                  - !Sub arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:rule/\${Bus}/\${Stage}-orders-to-ship\n`;
    const allowed = replaced(text, /^ {2}UndeliveredQueuePolicy:\n(?: {4}.+\n)+/m, (policy) => policy + line);
    return replaced(allowed, /\n# ARNs for/, (outputs) => `${queue}${outputs}`);
  },
  'services/tsconfig.json': (text) =>
    replaced(
      text,
      '{ "path": "notification-worker" }',
      '{ "path": "notification-worker" }, { "path": "shipping-worker" }',
    ),
  // Written by npm install.
  'package-lock.json': (text) => {
    const lock = JSON.parse(text) as { packages: Record<string, object> };
    lock.packages[FOLDER] = { name: '@orderflow/shipping-worker', version: '0.1.0', license: 'MIT' };
    lock.packages['node_modules/@orderflow/shipping-worker'] = { resolved: FOLDER, link: true };
    return JSON.stringify(lock, null, 2);
  },
  'compose.yaml': (text) => {
    const withUrl = replaced(text, /,notification-worker=http:\/\/[^,\n]+/, (url) => url + copyOfWorker(url));
    return doubled(withUrl, /^ {2}notification-worker:\n(?: {4}.+\n)+\n/m);
  },
  'compose.test.yaml': (text) => doubled(text, /^ {2}notification-worker:\n(?: {4}.+\n)+\n/m),
  '.env.example': (text) => doubled(text, /^NOTIFICATION_WORKER_PORT=.+\n/m),
  'observability/prometheus/prometheus.yml': (text) => doubled(text, /^ {2}- job_name: notification-worker\n.+\n/m),
  'observability/prometheus/alerts.yml': (text) => doubled(text, /^ +or absent\(up\{job="notification-worker"\}\)\n/m),
};
