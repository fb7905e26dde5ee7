import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ResourceNames } from '@orderflow/contracts';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { busCheck, tableCheck } from '@orderflow/platform/health/checks';
import { createReadiness, type CheckReport } from '@orderflow/platform/health/readiness';
import type { MonotonicClock } from '@orderflow/platform/runtime/clock';
import { ApiEnv } from '../config.js';
import { AWS, MONOTONIC, NAMES } from '../infrastructure/tokens.js';
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
    @Inject(AWS) { dynamo, eventBridge }: AwsClients,
    @Inject(NAMES) names: ResourceNames,
    outbox: OutboxSweeper,
    @Inject(MONOTONIC) monotonic: MonotonicClock,
    private readonly config: ApiEnv,
  ) {
    const { bus } = names;
    const tables = Object.values(workItemTables(names)).map(
      (table) => [`table ${table.name}`, tableCheck(dynamo, table)] as const,
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
