import { createAwsClients } from '../aws/clients.js';
import { measureCalls } from '../telemetry/aws-calls.js';
import { createMetrics } from '../telemetry/metrics.js';
import { startTracing } from '../telemetry/tracing.js';
import { createMonotonicClock } from './clock.js';
import type { ProcessEnv } from './config.js';
import { armFailpoints } from './failpoints.js';
import { createProcessLogger } from './logger.js';

type ProcessOptions = {
  service: string;
  config: Readonly<ProcessEnv> & { AWS_REQUEST_TIMEOUT_MS: number; SQS_WAIT_TIME_SECONDS?: number };
  /** Fields that come first in a pretty log line. */
  leadingLogFields: readonly string[];
};

/** Creates the parts that every process needs. */
export function startProcess({ service, config, leadingLogFields }: ProcessOptions) {
  armFailpoints(config.FAILPOINTS);
  const logger = createProcessLogger(service, config, leadingLogFields);
  const monotonic = createMonotonicClock();
  const tracing = startTracing(config, { service, logger, monotonic });
  const metrics = createMetrics(service, { runtime: true });
  return { logger, monotonic, tracing, metrics, aws: createAwsClients(config, measureCalls(metrics)) };
}

export type ProcessResources = ReturnType<typeof startProcess>;
