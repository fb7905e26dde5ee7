import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { resourceNames } from '@orderflow/contracts';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { NO_TRACING } from '@orderflow/platform/telemetry/tracing';
import { AppModule } from './app.module.js';
import { asyncApiDocument } from './documentation/asyncapi.js';
import { createHttpApp } from './http/create-http-app.js';
import { countDisconnects, createUnreadAnswers } from './http/limits/unread-answers.js';
import type { Infrastructure } from './infrastructure/infrastructure.module.js';

export type Dependencies = Omit<Infrastructure, 'tracing' | 'metrics' | 'unread'> &
  Partial<Pick<Infrastructure, 'tracing' | 'metrics'>>;

/** The whole API, ready to listen. */
export function createApp(dependencies: Dependencies): Promise<NestFastifyApplication> {
  const { config, tracing = NO_TRACING, metrics = createMetrics('api-gateway') } = dependencies;
  const unread = createUnreadAnswers({
    maxBytes: config.UNREAD_BYTES_MAX,
    stalledAfterMs: config.WRITE_TIMEOUT_MS,
    onDisconnect: countDisconnects(metrics),
  });
  const infrastructure = { ...dependencies, tracing, metrics, unread };
  return createHttpApp({
    ...infrastructure,
    module: AppModule.of(infrastructure),
    asyncApi: asyncApiDocument(resourceNames(config.STAGE)),
  });
}
