/** api-gateway as composed in its main.ts, with the ablation. */
import { monotonic, now } from './clocks.mjs';
import { createAwsClients } from '@orderflow/platform/aws/clients';
import { armFailpoints } from '@orderflow/platform/runtime/failpoints';
import { createLogger } from '@orderflow/platform/runtime/logger';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { createApp } from '../../../services/api-gateway/dist/app.js';
import { loadConfig } from '../../../services/api-gateway/dist/config.js';
import { ablate } from './ablate.mjs';

await runMain(async () => {
  const config = loadConfig(process.env);
  armFailpoints(config.FAILPOINTS);
  const logger = createLogger({ service: 'api-gateway', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const aws = ablate(createAwsClients(config), process.env);
  const app = await createApp({ config, aws, logger, now, monotonic });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
    process.once(signal, () => {
      logger.info('draining');
      monotonic.startDeadline(config.SHUTDOWN_TIMEOUT_MS, () => {
        logger.error('not drained in time');
        process.exit(1);
      });
    });
  }
  await app.listen(config.PORT, config.HOST);
});
