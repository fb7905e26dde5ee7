import { IsCount, IsPort, parseEnv, ProcessEnv } from '@orderflow/platform/runtime/config';

class PeerEnv extends ProcessEnv {
  /** Port of the API, or of the worker's health endpoint. */
  @IsPort()
  PORT = 3000;

  /** Duration of the simulated fulfilment. */
  @IsCount(0, 600_000)
  FULFILMENT_DELAY_MS = 0;

  /** Polling loops. Each processes up to ten messages at a time. */
  @IsCount(1, 64)
  WORKER_POLLERS = 8;

  /** Longest wait of a receive call. A stopping worker waits for it. */
  @IsCount(1, 20)
  SQS_WAIT_TIME_SECONDS = 1;
}

/** @throws ConfigError that lists every problem by key */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<PeerEnv> {
  return parseEnv(PeerEnv, env);
}
