import { LEADING_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { runWorker } from '@orderflow/platform/worker/run-worker';
import { createApp } from './app.js';
import { loadConfig } from './config.js';
import { createLoggingSender } from './sender.js';

await runMain(() =>
  runWorker({
    service: 'notification-worker',
    config: loadConfig(process.env),
    leadingLogFields: LEADING_LOG_FIELDS,
    now: Date.now,
    createApp: (dependencies) => createApp({ ...dependencies, sender: createLoggingSender(dependencies.logger) }),
  }),
);
