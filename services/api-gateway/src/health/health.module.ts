import { setTimeout } from 'node:timers/promises';
import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { busCheck, tableCheck } from '@orderflow/platform/health/checks';
import { createReadiness } from '@orderflow/platform/health/readiness';
import type { ResourceNames } from '@orderflow/contracts';
import type { MonotonicClock } from '@orderflow/platform/runtime/clock';
import { ApiEnv } from '../config.js';
import { AWS, MONOTONIC, NAMES, NOTIFICATIONS, ORDERS, type StoredItems } from '../infrastructure/tokens.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { OutboxSweeper } from '../outbox/outbox-sweeper.js';
import { API_READINESS, HealthController, type ApiReadiness } from './health.controller.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), OutboxModule],
  controllers: [HealthController],
  providers: [
    {
      provide: API_READINESS,
      inject: [AWS, NAMES, ORDERS, NOTIFICATIONS, OutboxSweeper, MONOTONIC],
      useFactory: (
        { dynamo, eventBridge }: AwsClients,
        { bus }: ResourceNames,
        orders: StoredItems,
        notifications: StoredItems,
        outbox: OutboxSweeper,
        monotonic: MonotonicClock,
      ): ApiReadiness => {
        const tables = [orders, notifications].map(
          ({ table }) => [`table ${table.name}`, tableCheck(dynamo, table)] as const,
        );
        return {
          isDraining: false,
          required: createReadiness(Object.fromEntries(tables), { monotonic }),
          deferrable: createReadiness({ [`bus ${bus}`]: busCheck(eventBridge, bus), ...outbox.checks }, { monotonic }),
        };
      },
    },
  ],
})
export class HealthModule implements OnModuleDestroy {
  constructor(
    @Inject(API_READINESS) private readonly readiness: ApiReadiness,
    @Inject(ApiEnv) private readonly config: ApiEnv,
  ) {}

  /** Takes the process out of service: readiness fails from here on, and load balancers get time to notice. */
  async onModuleDestroy(): Promise<void> {
    this.readiness.isDraining = true;
    await setTimeout(this.config.SHUTDOWN_DELAY_MS);
  }
}
