import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { CheckReport } from '@orderflow/platform/health/readiness';

/** Readiness of what the API needs, and of what it can do without for a while. */
export type ApiReadiness = {
  /** The process has been told to end, and is to get no more requests. */
  isDraining: boolean;
  /** Without these no request can be served. */
  required: () => Promise<CheckReport>;
  /** Without these orders are accepted and wait in the outbox. */
  deferrable: () => Promise<CheckReport>;
};

export const API_READINESS = Symbol('API_READINESS');

type Report = { status: 'ok' | 'degraded'; details: HealthIndicatorResult };

@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Inject(API_READINESS) private readonly checks: ApiReadiness,
  ) {}

  /** The process answers; says nothing of what it depends on. */
  @Get('live')
  @Header('cache-control', 'no-store')
  liveness() {
    return this.health.check([]);
  }

  @Get(['', 'ready'])
  @Header('cache-control', 'no-store')
  async readiness(): Promise<Report> {
    if (this.checks.isDraining) throw new ServiceUnavailableException({ status: 'error', message: 'draining' });
    const [required, deferrable] = await Promise.all([this.checks.required(), this.checks.deferrable()]);
    const { details } = await this.health.check([
      ...Object.entries(required.checks).map(([name, check]) => () => {
        const indicator = this.indicators.check(name);
        return check.status === 'up' ? indicator.up() : indicator.down({ reason: check.reason });
      }),
      ...Object.entries(deferrable.checks).map(([name, check]) => () => {
        const indicator = this.indicators.check(name);
        return check.status === 'up' ? indicator.up() : indicator.up({ degraded: true, reason: check.reason });
      }),
    ]);
    return { status: deferrable.ok ? 'ok' : 'degraded', details };
  }
}
