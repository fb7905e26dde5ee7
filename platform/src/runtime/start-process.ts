import { createAwsClients, type AwsClients } from '../aws/clients.js';
import { measureCalls } from '../telemetry/aws-calls.js';
import { createMetrics, type Metrics } from '../telemetry/metrics.js';
import { startTracing, type RunningTracing } from '../telemetry/tracing.js';
import { createMonotonicClock, type MonotonicClock } from './clock.js';
import type { ProcessEnv } from './config.js';
import { armFailpoints } from './failpoints.js';
import type { Logger } from './logger.js';
import { createProcessLogger } from './process-logger.js';

type ProcessOptions = {
  service: string;
  config: Readonly<ProcessEnv> & { AWS_REQUEST_TIMEOUT_MS: number; SQS_WAIT_TIME_SECONDS?: number };
  /** Fields that come first in a pretty log line. */
  leadingLogFields: readonly string[];
};

/** What every process of the system is built on. */
export type ProcessResources = {
  logger: Logger;
  monotonic: MonotonicClock;
  tracing: RunningTracing;
  metrics: Metrics;
  aws: AwsClients;
};

/** Makes what every process is built on. Called once per process. */
export function startProcess({ service, config, leadingLogFields }: ProcessOptions): ProcessResources {
  armFailpoints(config.FAILPOINTS);
  const logger = createProcessLogger(service, config, leadingLogFields);
  const monotonic = createMonotonicClock();
  const tracing = startTracing(config, { service, logger, monotonic });
  const metrics = createMetrics(service, { runtime: true });
  return { logger, monotonic, tracing, metrics, aws: createAwsClients(config, measureCalls(metrics)) };
}
