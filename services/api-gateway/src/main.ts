import { createAwsClients } from '@orderflow/platform/aws/clients';
import { armFailpoints } from '@orderflow/platform/failpoints';
import { createLogger } from '@orderflow/platform/logger';
import { runMain } from '@orderflow/platform/run-main';
import { createApp } from './app.js';
import { loadConfig } from './config.js';

await runMain(async () => {
  const config = loadConfig(process.env);
  armFailpoints(config.FAILPOINTS);
  const logger = createLogger({ service: 'api-gateway', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const aws = createAwsClients(config);
  const app = await createApp({ config, aws, logger, now: Date.now });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info('draining');
      setTimeout(() => {
        logger.error('not drained in time');
        process.exit(1);
      }, config.SHUTDOWN_TIMEOUT_MS).unref();
    });
  }
  await app.listen(config.PORT, config.HOST);
  logger.info('listening', { url: await app.getUrl() });
});
