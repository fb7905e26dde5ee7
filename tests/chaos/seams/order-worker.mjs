/** order-worker as composed in its main.ts, with an external warehouse and the ablation. */
import { monotonic, now, watchImpatiently } from './clocks.mjs';
import { createAwsClients } from '@orderflow/platform/aws/clients';
import { armFailpoints } from '@orderflow/platform/runtime/failpoints';
import { serveWorker } from '@orderflow/platform/health/serve-worker';
import { createLogger } from '@orderflow/platform/runtime/logger';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { createApp } from '../../../services/order-worker/dist/app.js';
import { loadConfig } from '../../../services/order-worker/dist/config.js';
import { createHttpFulfilment } from './http-fulfilment.mjs';
import { ablate, ablateFulfilment } from './ablate.mjs';
import { dieAfterWorkOn } from './die-after-work.mjs';

await runMain(async () => {
  const config = loadConfig(process.env);
  armFailpoints(config.FAILPOINTS);
  const logger = createLogger({ service: 'order-worker', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const aws = ablate(createAwsClients(config), process.env);
  const { WAREHOUSE_URL } = process.env;
  if (!WAREHOUSE_URL) throw new Error('WAREHOUSE_URL must be the address of the warehouse.');
  const warehouse = ablateFulfilment(createHttpFulfilment(WAREHOUSE_URL), process.env);
  const fulfilment = dieAfterWorkOn(warehouse, process.env['DIES_AFTER_WORK_ON']);
  const worker = createApp({ config, aws, fulfilment, logger, now, monotonic });
  watchImpatiently(worker);
  await serveWorker(worker, {
    service: 'order-worker',
    config,
    release: aws.close,
    logger,
    monotonic,
  });
});
