import { REDACTED_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { IsPort, parseEnv } from '@orderflow/platform/runtime/config';
import { WorkerEnv, workerRules } from '@orderflow/platform/worker/worker-env';

export class NotificationWorkerEnv extends WorkerEnv {
  /** Where the health endpoints listen. */
  @IsPort()
  PORT = 3020;

  override LOG_REDACT = REDACTED_LOG_FIELDS;
}

/** @throws ConfigError that lists every problem by key */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<NotificationWorkerEnv> {
  return parseEnv(NotificationWorkerEnv, env, workerRules);
}
