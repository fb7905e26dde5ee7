import { serveWorker } from '../health/serve-worker.js';
import type { Clock } from '../runtime/clock.js';
import { startProcess, type ProcessResources } from '../runtime/start-process.js';
import type { Worker } from './create-worker.js';
import type { WorkerEnv } from './worker-env.js';

type RunOptions<Config> = {
  service: string;
  config: Config;
  leadingLogFields: readonly string[];
  now: Clock;
  createApp: (dependencies: ProcessResources & { config: Config; now: Clock }) => Worker;
};

/** Runs a queue worker as a process, until a signal drains it. */
export async function runWorker<Config extends Readonly<WorkerEnv & { PORT: number }>>(
  options: RunOptions<Config>,
): Promise<void> {
  const { service, config, now } = options;
  const resources = startProcess(options);
  const { aws, tracing, logger, monotonic } = resources;
  await serveWorker(options.createApp({ ...resources, config, now }), {
    service,
    config,
    release: async () => {
      await tracing.stop();
      aws.close();
    },
    logger,
    monotonic,
  });
}
