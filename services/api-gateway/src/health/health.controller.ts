import { setTimeout } from 'node:timers/promises';
import { Controller, Get, Header, Optional, ServiceUnavailableException, type OnModuleDestroy } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import { busCheck, tableCheck, type Check } from '@orderflow/platform/health/checks';
import { createReadiness, withDenials, type CheckReport } from '@orderflow/platform/health/readiness';
import { ApiEnv } from '../config.js';
import { AwsClients, Denials, IssuerKeys, Logger, MonotonicClock, ResourceNames } from '../infrastructure/tokens.js';
import { OutboxSweeper } from '../outbox/outbox-sweeper.js';

type Report = { status: 'ok' | 'degraded'; details: HealthIndicatorResult };

@ApiExcludeController()
@Controller('health')
export class HealthController implements OnModuleDestroy {
  /** The process is shutting down and must get no more requests. */
  private isDraining = false;
  /** Without these the API cannot serve requests. */
  private readonly required: () => Promise<CheckReport>;
  /** Without these the API accepts orders, and the outbox keeps them. */
  private readonly deferrable: () => Promise<CheckReport>;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly config: ApiEnv,
    { dynamo, eventBridge }: AwsClients,
    names: ResourceNames,
    outbox: OutboxSweeper,
    monotonic: MonotonicClock,
    logger: Logger,
    private readonly denials: Denials,
    @Optional() keys?: IssuerKeys,
  ) {
    const { bus } = names;
    const tables = Object.values(workItemTables(names)).map(
      (table) => [`table ${table.name}`, tableCheck(dynamo, table)] as const,
    );
    const identity: Record<string, Check> = keys ? { 'token issuer': keys.check } : {};
    this.required = createReadiness({ ...Object.fromEntries(tables), ...identity }, { monotonic, logger });
    this.deferrable = createReadiness(
      { [`bus ${bus}`]: busCheck(eventBridge, bus), ...outbox.checks },
      { monotonic, logger },
    );
  }

  /** Shows only that the process answers, not the state of its dependencies. */
  @Get('live')
  @Header('cache-control', 'no-store')
  liveness() {
    return this.health.check([]);
  }

  @Get(['', 'ready'])
  @Header('cache-control', 'no-store')
  async readiness(): Promise<Report> {
    if (this.isDraining) throw new ServiceUnavailableException({ status: 'error', message: 'draining' });
    const [needed, checked] = await Promise.all([this.required(), this.deferrable()]);
    // Degraded, not down: every replica has the same role, so another one could not do better.
    const deferred = withDenials(checked, this.denials, [needed]);
    const { details } = await this.health.check([
      ...this.indicatorsOf(needed, (indicator, reason) => indicator.down({ reason })),
      ...this.indicatorsOf(deferred, (indicator, reason) => indicator.up({ degraded: true, reason })),
    ]);
    return { status: deferred.ok ? 'ok' : 'degraded', details };
  }

  /** Takes the process out of service: readiness fails from here on, and load balancers get time to notice. */
  async onModuleDestroy(): Promise<void> {
    this.isDraining = true;
    await setTimeout(this.config.SHUTDOWN_DELAY_MS);
  }

  private indicatorsOf(
    { checks }: CheckReport,
    failed: (indicator: ReturnType<HealthIndicatorService['check']>, reason: string) => HealthIndicatorResult,
  ) {
    return Object.entries(checks).map(([name, check]) => () => {
      const indicator = this.indicators.check(name);
      return check.status === 'up' ? indicator.up() : failed(indicator, check.reason);
    });
  }
}
