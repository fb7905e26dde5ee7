import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { CheckReport } from '@orderflow/platform/health/readiness';

/** Readiness of the API's dependencies. */
export type ApiReadiness = {
  /** The process is shutting down and must get no more requests. */
  isDraining: boolean;
  /** Without these the API cannot serve requests. */
  required: () => Promise<CheckReport>;
  /** Without these the API accepts orders, and the outbox keeps them. */
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

  /** Shows only that the process answers, not the state of its dependencies. */
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
