import { createAwsClients } from '@orderflow/platform/aws/clients';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { armFailpoints } from '@orderflow/platform/runtime/failpoints';
import { createProcessLogger } from '@orderflow/platform/runtime/process-logger';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { startTracing } from '@orderflow/platform/telemetry/tracing';
import { measureCalls } from '@orderflow/platform/telemetry/aws-calls';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { createApp } from './app.js';
import { loadConfig } from './config.js';

await runMain(async () => {
  const config = loadConfig(process.env);
  armFailpoints(config.FAILPOINTS);
  const logger = createProcessLogger('api-gateway', config);
  const tracing = startTracing(config, { service: 'api-gateway', logger });
  const monotonic = createMonotonicClock();
  const metrics = createMetrics('api-gateway', { runtime: true });
  const aws = createAwsClients(config, measureCalls(metrics));
  const app = await createApp({ config, aws, logger, tracing, metrics, now: Date.now, monotonic });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info('draining');
      monotonic.startDeadline(config.SHUTDOWN_TIMEOUT_MS, () => {
        logger.error('not drained in time');
        process.exit(1);
      });
    });
  }
  // For localhost, Fastify would open a second listener for IPv6, which none of our timeouts and limits reach.
  await app.listen(config.PORT, config.HOST === 'localhost' ? '127.0.0.1' : config.HOST);
  logger.info('listening', { url: await app.getUrl() });
});
