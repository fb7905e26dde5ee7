import { createAwsClients } from '@orderflow/platform/aws/clients';
import { armFailpoints } from '@orderflow/platform/failpoints';
import { serveWorker } from '@orderflow/platform/health/serve-worker';
import { createLogger } from '@orderflow/platform/logger';
import { runMain } from '@orderflow/platform/run-main';
import { createSimulatedFulfilment } from './adapters/simulated-fulfilment.js';
import { createApp } from './app.js';
import { loadConfig } from './config.js';

await runMain(async () => {
  const config = loadConfig(process.env);
  armFailpoints(config.FAILPOINTS);
  const logger = createLogger({ service: 'order-worker', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const aws = createAwsClients(config);
  const fulfilment = createSimulatedFulfilment({
    delayMs: config.FULFILMENT_DELAY_MS,
    breaksOn: config.FULFILMENT_BREAKS_ON,
  });
  const worker = createApp({ config, aws, fulfilment, logger, now: Date.now });
  await serveWorker(worker, {
    host: config.HOST,
    port: config.PORT,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    release: aws.close,
    logger,
  });
});
