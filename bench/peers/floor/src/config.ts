import { IsCount, IsPort, parseEnv, ProcessEnv } from '@orderflow/platform/runtime/config';
import { IsDefined } from 'class-validator';

class PeerEnv extends ProcessEnv {
  @IsDefined({ message: 'AWS_ENDPOINT_URL must be the URL of an emulator, because requests are not signed' })
  declare AWS_ENDPOINT_URL: string;

  /** Port of the API, or of the worker's health endpoint. */
  @IsPort()
  PORT = 3000;

  /** Duration of the simulated fulfilment. */
  @IsCount(0, 600_000)
  FULFILMENT_DELAY_MS = 0;

  /** Concurrent receive calls. They do not wait for processing; with more calls each returns fewer messages. */
  @IsCount(1, 64)
  WORKER_POLLERS = 2;

  /** Longest wait of a receive call. A stopping worker waits for it. */
  @IsCount(1, 20)
  SQS_WAIT_TIME_SECONDS = 1;

  /** Concurrent calls per operation. Further entries form the next batch. */
  @IsCount(1, 64)
  BATCHES_IN_FLIGHT = 2;
}

/** @throws ConfigError that lists every problem by key */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<PeerEnv> {
  return parseEnv(PeerEnv, env);
}
