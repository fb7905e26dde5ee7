/** notification-worker as composed in its main.ts, with the ablation. */
import { monotonic, now, watchImpatiently } from './clocks.mjs';
import { createAwsClients } from '@orderflow/platform/aws/clients';
import { armFailpoints } from '@orderflow/platform/runtime/failpoints';
import { serveWorker } from '@orderflow/platform/health/serve-worker';
import { createLogger } from '@orderflow/platform/runtime/logger';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { createApp } from '../../../services/notification-worker/dist/app.js';
import { loadConfig } from '../../../services/notification-worker/dist/config.js';
import { createLoggingSender } from '../../../services/notification-worker/dist/sender.js';
import { ablate } from './ablate.mjs';

await runMain(async () => {
  const config = loadConfig(process.env);
  armFailpoints(config.FAILPOINTS);
  const logger = createLogger({ service: 'notification-worker', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const aws = ablate(createAwsClients(config), process.env);
  const worker = createApp({ config, aws, sender: createLoggingSender(logger), logger, now, monotonic });
  watchImpatiently(worker);
  await serveWorker(worker, {
    service: 'notification-worker',
    config,
    release: aws.close,
    logger,
    monotonic,
  });
});
