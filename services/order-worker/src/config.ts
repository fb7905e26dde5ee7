import { REDACTED_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { IsCount, IsFlag, IsPort, IsText, parseEnv } from '@orderflow/platform/runtime/config';
import { WorkerEnv, workerRules } from '@orderflow/platform/worker/worker-env';

export class OrderWorkerEnv extends WorkerEnv {
  /** Where the health endpoints listen. */
  @IsPort()
  PORT = 3010;

  override LOG_REDACT = REDACTED_LOG_FIELDS;

  /** How long the simulated fulfilment of an ordinary order takes. */
  @IsCount(0, 600_000)
  FULFILMENT_DELAY_MS = 500;

  /** Product id for which fulfilment always throws, like a worker with a bug. */
  @IsText()
  FULFILMENT_BREAKS_ON?: string;

  /** Whether notification-worker receives and confirms outcomes. Must equal the template's parameter of this name. */
  @IsFlag()
  NOTIFY_ON_ORDER_OUTCOME = true;
}

/** @throws ConfigError that lists every problem by key */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<OrderWorkerEnv> {
  return parseEnv(OrderWorkerEnv, env, workerRules);
}
