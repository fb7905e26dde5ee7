import { LEADING_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { runMain, startDrain } from '@orderflow/platform/runtime/run-main';
import { startProcess } from '@orderflow/platform/runtime/start-process';
import { createApp } from './app.js';
import { loadConfig } from './config.js';
import { addressOf } from './http/connections/management.js';

await runMain(async () => {
  const config = loadConfig(process.env);
  const resources = startProcess({ service: 'api-gateway', config, leadingLogFields: LEADING_LOG_FIELDS });
  const { logger, monotonic } = resources;
  const app = await createApp({ ...resources, config, now: Date.now });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => startDrain(logger, monotonic, config.SHUTDOWN_TIMEOUT_MS));
  }
  // For localhost, Fastify would open a second listener for IPv6, which none of our timeouts and limits reach.
  await app.listen(config.PORT, addressOf(config.HOST));
  logger.info('listening', { url: await app.getUrl() });
});
