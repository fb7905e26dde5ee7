import { setTimeout } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { busCheck, tableCheck } from '@orderflow/platform/health/checks';
import { createReadiness, type CheckReport } from '@orderflow/platform/health/readiness';
import { ApiEnv } from '../config.js';
import { Notifications, Orders } from '../infrastructure/stored-items.js';
import { AwsClients, MonotonicClock, ResourceNames } from '../infrastructure/tokens.js';
import { OutboxSweeper } from '../outbox/outbox-sweeper.js';

/** Readiness of the API's dependencies. */
@Injectable()
export class ApiReadiness implements OnModuleDestroy {
  /** The process is shutting down and must get no more requests. */
  isDraining = false;
  /** Without these the API cannot serve requests. */
  readonly required: () => Promise<CheckReport>;
  /** Without these the API accepts orders, and the outbox keeps them. */
  readonly deferrable: () => Promise<CheckReport>;

  constructor(
    { dynamo, eventBridge }: AwsClients,
    { bus }: ResourceNames,
    orders: Orders,
    notifications: Notifications,
    outbox: OutboxSweeper,
    monotonic: MonotonicClock,
    private readonly config: ApiEnv,
  ) {
    const tables = [orders, notifications].map(
      ({ table }) => [`table ${table.name}`, tableCheck(dynamo, table)] as const,
    );
    this.required = createReadiness(Object.fromEntries(tables), { monotonic });
    this.deferrable = createReadiness({ [`bus ${bus}`]: busCheck(eventBridge, bus), ...outbox.checks }, { monotonic });
  }

  /** Takes the process out of service: readiness fails from here on, and load balancers get time to notice. */
  async onModuleDestroy(): Promise<void> {
    this.isDraining = true;
    await setTimeout(this.config.SHUTDOWN_DELAY_MS);
  }
}
