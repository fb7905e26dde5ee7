import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { OUTCOME_CONSUMERS } from '@orderflow/domain/orders/orders-table';
import { ruleCheck, type Check } from '@orderflow/platform/health/checks';
import { CheckError } from '@orderflow/platform/health/reasons';
import { runSweeper, type RunningSweeper } from '@orderflow/platform/work-item/run-sweeper';
import { createSweeper, type Sweeper } from '@orderflow/platform/work-item/sweep';
import { createOutboxMetrics } from '@orderflow/platform/work-item/sweeper-metrics';
import { LONGEST_PAUSE_MS, type Subscription, type SweptTable } from '@orderflow/platform/work-item/swept-table';
import { ApiEnv } from '../config.js';
import { Publisher } from '../infrastructure/publisher.js';
import { Queues } from '../infrastructure/queues.js';
import { Notifications, Orders } from '../infrastructure/stored-items.js';
import {
  AwsClients,
  Clock,
  Logger,
  Metrics,
  MonotonicClock,
  ResourceNames,
  StatementExecutor,
} from '../infrastructure/tokens.js';
import { OrderMetrics } from '../orders/order-metrics.js';

/** MessageRetentionPeriod of the work queues in infrastructure/template.yaml. */
export const QUEUE_RETENTION_MS = 345_600_000;

/** Sweeps both tables, so that every order and notification ends, whatever becomes of its events. */
@Injectable()
export class OutboxSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  /** For readiness: the rules that events go through, and items that cannot be processed. */
  readonly checks: Record<string, Check> = {};
  private readonly sweepers: { table: string; sweeper: Sweeper }[];
  private running: RunningSweeper | undefined;

  constructor(
    private readonly config: ApiEnv,
    { dynamo, eventBridge }: AwsClients,
    names: ResourceNames,
    queues: Queues,
    orders: Orders,
    notifications: Notifications,
    executor: StatementExecutor,
    publisher: Publisher,
    orderMetrics: OrderMetrics,
    metrics: Metrics,
    private readonly logger: Logger,
    now: Clock,
    monotonic: MonotonicClock,
  ) {
    const subscription = (rule: string, queue: string): Subscription => {
      const check = ruleCheck(eventBridge, { bus: names.bus, rule, queue });
      this.checks[`rule ${rule}`] = check;
      return { check, countQueue: () => queues.count(queue) };
    };
    const orderWork = subscription(names.orderCreatedRule, names.orderQueue);
    const notificationWork = subscription(names.notificationRequestedRule, names.notificationQueue);
    const consumers = Object.fromEntries(
      Object.entries(OUTCOME_CONSUMERS)
        .filter(([consumer]) => orders.table.confirmedBy.includes(consumer))
        .map(([consumer, { rule, queue }]) => [consumer, subscription(names[rule], names[queue])]),
    );
    const onGivenUp: SweptTable['onGivenUp'] = (item) => {
      orderMetrics.gaveUp(item as OrderRecord);
    };
    const tables: SweptTable[] = [
      { table: orders.table, work: orderWork, consumers, onGivenUp },
      { table: notifications.table, work: notificationWork, consumers: {} },
    ];
    const tableNames = tables.map(({ table }) => table.name);
    const outboxMetrics = createOutboxMetrics(metrics, tableNames, now());
    const options = {
      queueGraceMs: config.QUEUE_GRACE_MS,
      retentionMs: QUEUE_RETENTION_MS,
      leaseMs: config.VISIBILITY_TIMEOUT_SECONDS * 1_000,
      maxAttempts: config.OUTBOX_MAX_ATTEMPTS,
      backoffBaseMs: config.OUTBOX_DELAY_MS,
      backoffMaxMs: LONGEST_PAUSE_MS,
    };
    const sweeping = { dynamo, executor, publisher, logger, now, monotonic, metrics: outboxMetrics };
    this.sweepers = tables.map((swept) => {
      const sweeper = createSweeper(swept, options, sweeping);
      this.checks[`outbox ${swept.table.name}`] = () => {
        const problem = sweeper.problem();
        return problem === undefined ? Promise.resolve() : Promise.reject(new CheckError(problem));
      };
      return { table: swept.table.name, sweeper };
    });
  }

  onApplicationBootstrap(): void {
    const { sweepers, config, logger } = this;
    this.running = runSweeper({ sweepers, intervalMs: config.SWEEP_INTERVAL_MS, logger });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.running?.stop();
  }
}
