import { IsCount, IsPort, parseEnv, ProcessEnv } from '@orderflow/platform/runtime/config';
import { IsDefined } from 'class-validator';

/** What both processes read from their environment. */
class PeerEnv extends ProcessEnv {
  /** Requests are not signed, which only an emulator takes. */
  @IsDefined({ message: 'AWS_ENDPOINT_URL must be that of an emulator: requests are not signed' })
  declare AWS_ENDPOINT_URL: string;

  /** Where the API listens, or the worker's health endpoint. */
  @IsPort()
  PORT = 3000;

  /** How long the simulated fulfilment of an order takes. */
  @IsCount(0, 600_000)
  FULFILMENT_DELAY_MS = 0;

  /** Receive calls of the worker at a time. They do not wait for the messages' work, and more of them bring fewer each. */
  @IsCount(1, 64)
  WORKER_POLLERS = 2;

  /** Longest wait of one receive call; a worker that stops waits for it. */
  @IsCount(1, 20)
  SQS_WAIT_TIME_SECONDS = 1;

  /** Calls of a kind in flight at a time, before the next ones are collected for a batch. */
  @IsCount(1, 64)
  BATCHES_IN_FLIGHT = 2;
}

/** @throws ConfigError that lists every problem by key */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<PeerEnv> {
  return parseEnv(PeerEnv, env);
}
