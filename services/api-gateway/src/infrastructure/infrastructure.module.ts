import { Module, type DynamicModule, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { resourceNames } from '@orderflow/contracts';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { within } from '@orderflow/platform/runtime/within';
import { ApiEnv } from '../config.js';
import { Publisher } from './publisher.js';
import { Queues } from './queues.js';
import { Notifications, Orders } from './stored-items.js';
import {
  AwsClients,
  Clock,
  Denials,
  IssuerKeys,
  Logger,
  Metrics,
  MonotonicClock,
  ResourceNames,
  StatementExecutor,
  Tracing,
  UnreadAnswers,
} from './tokens.js';

export type Infrastructure = {
  config: Readonly<ApiEnv>;
  /** From `watchDenials`. */
  aws: AwsClients;
  denials: Denials;
  logger: Logger;
  tracing: Tracing;
  metrics: Metrics;
  now: Clock;
  monotonic: MonotonicClock;
  unread: UnreadAnswers;
  /** Undefined while AUTH_MODE is off. */
  issuerKeys: IssuerKeys | undefined;
};

const FLUSH_WITHIN_MS = 5_000;

/** Shared by all features. The module is global, so Nest shuts it down after all others. */
@Module({})
export class InfrastructureModule implements OnApplicationShutdown {
  constructor(
    private readonly executor: StatementExecutor,
    private readonly publisher: Publisher,
    private readonly tracing: Tracing,
    private readonly aws: AwsClients,
    private readonly logger: Logger,
    private readonly monotonic: MonotonicClock,
  ) {}

  static of(given: Infrastructure): DynamicModule {
    const providers: Provider[] = [
      { provide: ApiEnv, useValue: given.config },
      { provide: AwsClients, useValue: given.aws },
      { provide: Denials, useValue: given.denials },
      { provide: Logger, useValue: given.logger },
      { provide: Metrics, useValue: given.metrics },
      { provide: Tracing, useValue: given.tracing },
      { provide: Clock, useValue: given.now },
      { provide: MonotonicClock, useValue: given.monotonic },
      { provide: IssuerKeys, useValue: given.issuerKeys },
      { provide: UnreadAnswers, useValue: given.unread },
      { provide: ResourceNames, useValue: resourceNames(given.config.STAGE) },
      { provide: StatementExecutor, useValue: createStatementExecutor(given.aws.dynamo) },
      ...[Notifications, Orders, Publisher, Queues],
    ];
    return { module: InfrastructureModule, global: true, providers, exports: providers };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.executor.flush();
    // A bus that hangs must not keep the process alive: the outbox still holds unpublished events.
    await within(this.publisher.flush(), { ms: FLUSH_WITHIN_MS, monotonic: this.monotonic, onLate: () => undefined });
    await this.tracing.stop();
    this.aws.close();
    this.logger.info('drained');
  }
}
