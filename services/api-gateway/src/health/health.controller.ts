import { Controller, Get, Header, ServiceUnavailableException } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { CheckReport } from '@orderflow/platform/health/readiness';
import { ApiReadiness } from './api-readiness.js';

type Report = { status: 'ok' | 'degraded'; details: HealthIndicatorResult };

@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly apiReadiness: ApiReadiness,
  ) {}

  /** Shows only that the process answers, not the state of its dependencies. */
  @Get('live')
  @Header('cache-control', 'no-store')
  liveness() {
    return this.health.check([]);
  }

  @Get(['', 'ready'])
  @Header('cache-control', 'no-store')
  async readiness(): Promise<Report> {
    const { isDraining, required, deferrable } = this.apiReadiness;
    if (isDraining) throw new ServiceUnavailableException({ status: 'error', message: 'draining' });
    const [needed, deferred] = await Promise.all([required(), deferrable()]);
    const { details } = await this.health.check([
      ...this.indicatorsOf(needed, (indicator, reason) => indicator.down({ reason })),
      ...this.indicatorsOf(deferred, (indicator, reason) => indicator.up({ degraded: true, reason })),
    ]);
    return { status: deferred.ok ? 'ok' : 'degraded', details };
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
