import { INDEXES, type ResourceNames } from '@orderflow/contracts';
import { type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated, orderOutcome } from '@orderflow/domain/orders/order-events';
import { OUTBOX_SHARDS } from '@orderflow/domain/stored-item';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import type { QueueCounts } from '@orderflow/platform/aws/queue-counts';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import { ruleCheck, type Check, type RuleRef } from '@orderflow/platform/health/readiness';
import type { Logger } from '@orderflow/platform/runtime/logger';
import type { EventPublisher } from '@orderflow/platform/events/publisher';
import { createOutboxMetrics } from '@orderflow/platform/work-item/sweeper-metrics';
import {
  LONGEST_PAUSE_MS,
  type OutboxTable,
  type Route,
  type SweeperOptions,
} from '@orderflow/platform/work-item/outbox-table';
import { runSweeper, type RunningSweeper } from '@orderflow/platform/work-item/run-sweeper';
import { createSweeper } from '@orderflow/platform/work-item/sweep';
import type { StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { Lifecycle } from '@orderflow/platform/work-item/transitions';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import type { ApiEnv } from '../config.js';

/** MessageRetentionPeriod of the work queues in infrastructure/template.yaml. */
export const QUEUE_RETENTION_MS = 345_600_000;

type Dependencies = {
  config: Readonly<ApiEnv>;
  names: ResourceNames;
  aws: AwsClients;
  executor: StatementExecutor;
  publisher: EventPublisher;
  orders: { lifecycle: Lifecycle; reader: TableReader };
  notifications: { lifecycle: Lifecycle; reader: TableReader };
  countQueue: (queue: string) => Promise<QueueCounts>;
  /** Called with each order that the sweeper has ended. */
  onOrderGivenUp: (order: OrderRecord) => void;
  metrics: Metrics;
  logger: Logger;
  now: Clock;
  monotonic: MonotonicClock;
};

export type Outbox = {
  /** What keeps orders and notifications from moving on, by name; for readiness. */
  checks: Record<string, Check>;
  start: () => RunningSweeper;
};

/** The ways of events from the bus to the queues. */
function routesOf({ bus, ...names }: ResourceNames, { NOTIFY_ON_ORDER_OUTCOME: notifies }: Readonly<ApiEnv>) {
  const { orderQueue, notificationQueue } = names;
  return {
    orders: { bus, rule: names.orderCreatedRule, queue: orderQueue },
    notifications: { bus, rule: names.notificationRequestedRule, queue: notificationQueue },
    ...(notifies ? { outcomes: { bus, rule: names.orderOutcomesRule, queue: notificationQueue } } : {}),
  };
}

/** Sweeps both tables: whatever becomes of an event, each order and each notification comes to its end. */
export function createOutbox(dependencies: Dependencies): Outbox {
  const { config, names, aws, executor, publisher, orders, notifications, metrics, logger, now, monotonic } =
    dependencies;
  const routes = routesOf(names, config);
  const routeFor = (ref: RuleRef, eventOf: Route['eventOf']): Route => ({
    check: ruleCheck(aws.eventBridge, ref),
    countQueue: () => dependencies.countQueue(ref.queue),
    eventOf,
  });
  const tables: OutboxTable[] = [
    {
      ...orders,
      work: routeFor(routes.orders, (item) => orderCreated(item as OrderRecord)),
      ...(routes.outcomes ? { outcome: routeFor(routes.outcomes, (item) => orderOutcome(item as OrderRecord)) } : {}),
      onGivenUp: (item) => {
        dependencies.onOrderGivenUp(item as OrderRecord);
      },
    },
    {
      ...notifications,
      work: routeFor(routes.notifications, (item) => notificationRequested(item as NotificationRecord)),
    },
  ];
  const options: SweeperOptions = {
    index: INDEXES.outbox,
    shards: OUTBOX_SHARDS,
    queueGraceMs: config.QUEUE_GRACE_MS,
    retentionMs: QUEUE_RETENTION_MS,
    leaseMs: config.VISIBILITY_TIMEOUT_SECONDS * 1_000,
    maxAttempts: config.OUTBOX_MAX_ATTEMPTS,
    backoffBaseMs: config.OUTBOX_DELAY_MS,
    backoffMaxMs: LONGEST_PAUSE_MS,
  };
  const tableNames = tables.map(({ lifecycle }) => lifecycle.table);
  const sweeping = { dynamo: aws.dynamo, executor, publisher, logger, now, monotonic };
  const outboxMetrics = createOutboxMetrics(metrics, tableNames, now());
  const sweepers = tables.map((table) => ({
    table: table.lifecycle.table,
    sweeper: createSweeper(table, options, { ...sweeping, metrics: outboxMetrics }),
  }));

  const itemsMoveOn = (problem: () => string | undefined): Check => {
    return () => {
      const text = problem();
      return text === undefined ? Promise.resolve() : Promise.reject(new Error(text));
    };
  };
  return {
    checks: {
      ...Object.fromEntries(Object.values(routes).map((ref) => [`rule ${ref.rule}`, ruleCheck(aws.eventBridge, ref)])),
      ...Object.fromEntries(sweepers.map(({ table, sweeper }) => [`outbox ${table}`, itemsMoveOn(sweeper.problem)])),
    },
    start: () => runSweeper({ sweepers, intervalMs: config.SWEEP_INTERVAL_MS, logger }),
  };
}
