import { Module } from '@nestjs/common';
import type { StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import type { EventPublisher } from '@orderflow/platform/events/publisher';
import type { Clock } from '@orderflow/platform/runtime/clock';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { ApiEnv } from '../config.js';
import { CLOCK, EXECUTOR, LOGGER, PUBLISHER } from '../infrastructure/tokens.js';
import { ACCEPTING, type Accepting } from './accept-once.js';
import { createPublishSoon } from './publish-soon.js';

@Module({
  providers: [
    {
      provide: ACCEPTING,
      inject: [EXECUTOR, PUBLISHER, LOGGER, CLOCK, ApiEnv],
      useFactory: (
        executor: StatementExecutor,
        publisher: EventPublisher,
        logger: Logger,
        now: Clock,
        { OUTBOX_DELAY_MS: outboxDelayMs }: ApiEnv,
      ): Accepting => ({
        executor,
        publishSoon: createPublishSoon(publisher, logger),
        beginSpan: publisher.beginSpan,
        now,
        outboxDelayMs,
      }),
    },
  ],
  exports: [ACCEPTING],
})
export class AcceptingModule {}
