import { POLL_MARGIN_MS } from '../aws/clients.js';
import { IsCount, ProcessEnv } from '../runtime/config.js';

/** The queues' maxReceiveCount in infrastructure/template.yaml. */
const QUEUE_MAX_RECEIVES = 20;

/** What every queue worker reads from its environment. */
export class WorkerEnv extends ProcessEnv {
  /** Polling loops in this process. Each handles up to ten messages at a time. */
  @IsCount(1, 32)
  WORKER_POLLERS = 8;

  /** Longest time for a poll, and for a batch in addition to its handlers, before the process ends itself. */
  @IsCount(1_000, 3_600_000)
  POLLER_WEDGED_AFTER_MS = 60_000;

  /** Long-poll wait of one receive call. */
  @IsCount(1, 20)
  SQS_WAIT_TIME_SECONDS = 5;

  /** How long a received message stays invisible, and how long a claim's lease lasts. */
  @IsCount(1, 43_200)
  VISIBILITY_TIMEOUT_SECONDS = 30;

  /** Time that a handler has for one message. */
  @IsCount(10, 600_000)
  HANDLER_TIMEOUT_MS = 20_000;

  /** Deadline of one try of an AWS request; there are two tries. */
  @IsCount(10, 60_000)
  AWS_REQUEST_TIMEOUT_MS = 3_000;

  /** Attempts before a message is dead-lettered: its next receive is not handled. */
  @IsCount(1, QUEUE_MAX_RECEIVES - 1)
  MAX_RECEIVES = 10;

  /** Longest first retry delay. It doubles with each receive. */
  @IsCount(1, 900)
  RETRY_BASE_SECONDS = 1;

  /** Longest retry delay. */
  @IsCount(1, 43_200)
  RETRY_MAX_SECONDS = 60;

  /** When the marker of an item becomes due after a replay or an outcome. */
  @IsCount(100, 3_600_000)
  OUTBOX_DELAY_MS = 5_000;
}

/** Rules between the keys of a worker. */
export function workerRules(env: WorkerEnv): string[] {
  const pollMs = env.SQS_WAIT_TIME_SECONDS * 1_000;
  const rules: [isKept: boolean, rule: string][] = [
    [
      2 * env.AWS_REQUEST_TIMEOUT_MS < env.HANDLER_TIMEOUT_MS,
      'HANDLER_TIMEOUT_MS must be more than twice AWS_REQUEST_TIMEOUT_MS, or an outage looks like a slow handler',
    ],
    [
      env.HANDLER_TIMEOUT_MS < env.VISIBILITY_TIMEOUT_SECONDS * 1_000,
      'HANDLER_TIMEOUT_MS must be less than VISIBILITY_TIMEOUT_SECONDS, or a message is redelivered while it is handled',
    ],
    [
      pollMs + env.HANDLER_TIMEOUT_MS < env.SHUTDOWN_TIMEOUT_MS,
      'SHUTDOWN_TIMEOUT_MS must be more than SQS_WAIT_TIME_SECONDS and HANDLER_TIMEOUT_MS together, or a stop interrupts work',
    ],
    [
      pollMs + POLL_MARGIN_MS < env.POLLER_WEDGED_AFTER_MS,
      `POLLER_WEDGED_AFTER_MS must be more than SQS_WAIT_TIME_SECONDS and ${POLL_MARGIN_MS} ms together, or a slow poll counts as wedged`,
    ],
  ];
  return rules.filter(([isKept]) => !isKept).map(([, rule]) => rule);
}
