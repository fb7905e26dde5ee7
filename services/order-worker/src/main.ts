import { LEADING_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { runWorker } from '@orderflow/platform/worker/run-worker';
import { createApp } from './app.js';
import { loadConfig } from './config.js';
import { createSimulatedFulfilment } from './fulfilment/simulated-fulfilment.js';

await runMain(async () => {
  const config = loadConfig(process.env);
  const { FULFILMENT_DELAY_MS: delayMs, FULFILMENT_BREAKS_ON: breaksOn } = config;
  const fulfilment = createSimulatedFulfilment({ delayMs, breaksOn });
  await runWorker({
    service: 'order-worker',
    config,
    leadingLogFields: LEADING_LOG_FIELDS,
    now: Date.now,
    createApp: (dependencies) => createApp({ ...dependencies, fulfilment }),
  });
});
