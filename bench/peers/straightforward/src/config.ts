import { IsCount, IsPort, parseEnv, ProcessEnv } from '@orderflow/platform/runtime/config';

/** What both processes read from their environment. */
class PeerEnv extends ProcessEnv {
  /** Where the API listens, or the worker's health endpoint. */
  @IsPort()
  PORT = 3000;

  /** How long the simulated fulfilment of an order takes. */
  @IsCount(0, 600_000)
  FULFILMENT_DELAY_MS = 0;

  /** Polling loops of the worker; each works on up to ten messages at a time. */
  @IsCount(1, 64)
  WORKER_POLLERS = 8;

  /** Longest wait of one receive call; a worker that stops waits for it. */
  @IsCount(1, 20)
  SQS_WAIT_TIME_SECONDS = 1;
}

/** @throws ConfigError that lists every problem by key */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<PeerEnv> {
  return parseEnv(PeerEnv, env);
}
