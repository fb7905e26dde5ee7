import { createAwsClients } from '@orderflow/platform/aws/clients';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { armFailpoints } from '@orderflow/platform/runtime/failpoints';
import { serveWorker } from '@orderflow/platform/health/serve-worker';
import { createRequestGuard } from '@orderflow/platform/http/request-guard';
import { createProcessLogger } from '@orderflow/platform/runtime/process-logger';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { startTracing } from '@orderflow/platform/telemetry/tracing';
import { measureCalls } from '@orderflow/platform/telemetry/aws-calls';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { createSimulatedFulfilment } from './fulfilment/simulated-fulfilment.js';
import { createApp } from './app.js';
import { loadConfig } from './config.js';

await runMain(async () => {
  const config = loadConfig(process.env);
  armFailpoints(config.FAILPOINTS);
  const logger = createProcessLogger('order-worker', config);
  const tracing = startTracing(config, { service: 'order-worker', logger });
  const monotonic = createMonotonicClock();
  const metrics = createMetrics('order-worker', { runtime: true });
  const aws = createAwsClients(config, measureCalls(metrics));
  const fulfilment = createSimulatedFulfilment({
    delayMs: config.FULFILMENT_DELAY_MS,
    breaksOn: config.FULFILMENT_BREAKS_ON,
  });
  const worker = createApp({ config, aws, fulfilment, logger, tracing, metrics, now: Date.now, monotonic });
  await serveWorker(worker, {
    host: config.HOST,
    port: config.PORT,
    guard: createRequestGuard('order-worker', config),
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    release: async () => {
      await tracing.stop();
      aws.close();
    },
    logger,
    monotonic,
  });
});
