import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import type { StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import type { EventPublisher } from '@orderflow/platform/events/publisher';
import type { Check } from '@orderflow/platform/health/checks';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import { LONGEST_PAUSE_MS, type SweeperOptions } from '@orderflow/platform/work-item/swept-table';
import { runSweeper, type RunningSweeper } from '@orderflow/platform/work-item/run-sweeper';
import { createSweeper, type Sweeper } from '@orderflow/platform/work-item/sweep';
import { createOutboxMetrics } from '@orderflow/platform/work-item/sweeper-metrics';
import { ApiEnv } from '../config.js';
import { AWS, CLOCK, EXECUTOR, LOGGER, METRICS, MONOTONIC, PUBLISHER } from '../infrastructure/tokens.js';
import { OutboxTables } from './outbox-tables.js';

/** MessageRetentionPeriod of the work queues in infrastructure/template.yaml. */
export const QUEUE_RETENTION_MS = 345_600_000;

const optionsOf = (config: ApiEnv): SweeperOptions => ({
  queueGraceMs: config.QUEUE_GRACE_MS,
  retentionMs: QUEUE_RETENTION_MS,
  leaseMs: config.VISIBILITY_TIMEOUT_SECONDS * 1_000,
  maxAttempts: config.OUTBOX_MAX_ATTEMPTS,
  backoffBaseMs: config.OUTBOX_DELAY_MS,
  backoffMaxMs: LONGEST_PAUSE_MS,
});

const checkOf =
  ({ problem }: Sweeper): Check =>
  () => {
    const text = problem();
    return text === undefined ? Promise.resolve() : Promise.reject(new Error(text));
  };

/** Sweeps both tables, so that every order and notification ends, whatever becomes of its events. */
@Injectable()
export class OutboxSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  /** For readiness: the rules that events go through, and items that cannot be processed. */
  readonly checks: Record<string, Check>;
  private readonly sweepers: { table: string; sweeper: Sweeper }[];
  private running: RunningSweeper | undefined;

  constructor(
    private readonly config: ApiEnv,
    tables: OutboxTables,
    @Inject(AWS) { dynamo }: AwsClients,
    @Inject(EXECUTOR) executor: StatementExecutor,
    @Inject(PUBLISHER) publisher: EventPublisher,
    @Inject(METRICS) metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CLOCK) now: Clock,
    @Inject(MONOTONIC) monotonic: MonotonicClock,
  ) {
    const tableNames = tables.swept.map(({ table }) => table.name);
    const outboxMetrics = createOutboxMetrics(metrics, tableNames, now());
    const sweeping = { dynamo, executor, publisher, logger, now, monotonic, metrics: outboxMetrics };
    this.sweepers = tables.swept.map((swept) => ({
      table: swept.table.name,
      sweeper: createSweeper(swept, optionsOf(config), sweeping),
    }));
    const outboxChecks = this.sweepers.map(({ table, sweeper }) => [`outbox ${table}`, checkOf(sweeper)] as const);
    this.checks = { ...tables.checks, ...Object.fromEntries(outboxChecks) };
  }

  onApplicationBootstrap(): void {
    const { sweepers, config, logger } = this;
    this.running = runSweeper({ sweepers, intervalMs: config.SWEEP_INTERVAL_MS, logger });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.running?.stop();
  }
}
