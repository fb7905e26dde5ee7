import { setTimeout } from 'node:timers/promises';
import { ReceiveMessageCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import type { AwsClients } from '../aws/clients.js';
import { isUnavailable } from '../aws/failures.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../logger.js';
import type { Breaker } from './breaker.js';

type PollerOptions = {
  queueUrl: string;
  pollers: number;
  waitTimeSeconds: number;
  visibilityTimeoutSeconds: number;
  /** Longest that a batch may still take when stopping. */
  drainTimeoutMs: number;
  /** Returns the messages to delete. */
  handleBatch: (messages: Message[]) => Promise<Message[]>;
};

type Dependencies = {
  aws: Pick<AwsClients, 'sqs' | 'polling'>;
  breaker: Breaker;
  logger: Logger;
  now: Clock;
};

export type Pollers = {
  /** Epoch ms at which the poller that has been silent longest last heard from the queue; waiting at the breaker counts. */
  lastReturnAt(): number;
  /** Resolves when nothing is in flight; afterwards nothing is received any more. */
  stop(): Promise<void>;
};

const BATCH_SIZE = 10;
/** Between a failed poll and the next. Outages wait at the breaker besides. */
const ERROR_PAUSE_MS = 500;

/** Thrown inside the consumer to leave a poll that must not happen. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** sqs-consumer uses one client for everything, and polls need a longer timeout than acks. */
function routed({ sqs, polling }: Dependencies['aws']): SQSClient {
  const send: SQSClient['send'] = (command: unknown, ...rest: unknown[]) => {
    const client = command instanceof ReceiveMessageCommand ? polling : sqs;
    return (client.send as (...args: unknown[]) => never)(command, ...rest);
  };
  return { send } as SQSClient;
}

/** One polling loop. A batch waits for its slowest message, so a worker runs several. */
function startPoller(options: PollerOptions, { aws, breaker, logger, now }: Dependencies) {
  let lastReturnAt = now();
  let entry: 'normal' | 'trial' = 'normal';
  let waitingAtBreaker = false;
  let failed = false;

  const consumer = Consumer.create({
    queueUrl: options.queueUrl,
    sqs: routed(aws),
    batchSize: BATCH_SIZE,
    waitTimeSeconds: options.waitTimeSeconds,
    visibilityTimeout: options.visibilityTimeoutSeconds,
    pollingCompleteWaitTimeMs: options.drainTimeoutMs,
    // What sqs-consumer waits after errors that it takes for a matter of credentials, a missing queue among them.
    authenticationErrorTimeout: ERROR_PAUSE_MS,
    messageSystemAttributeNames: ['ApproximateReceiveCount', 'ApproximateFirstReceiveTimestamp', 'SentTimestamp'],
    messageAttributeNames: ['replayId'],
    handleMessageBatch: options.handleBatch,
    preReceiveMessageCallback: async () => {
      if (failed) await setTimeout(ERROR_PAUSE_MS);
      failed = false;
      waitingAtBreaker = true;
      const granted = await breaker.enter().finally(() => {
        waitingAtBreaker = false;
        lastReturnAt = now();
      });
      if (granted === 'stopped') throw new StoppedError('stopped while waiting for a dependency');
      entry = granted;
      // A trial risks one message's attempt, not ten.
      consumer.updateOption('batchSize', granted === 'trial' ? 1 : BATCH_SIZE);
    },
    postReceiveMessageCallback: () => {
      lastReturnAt = now();
      return Promise.resolve();
    },
  });

  const onError = (thrown: Error): void => {
    lastReturnAt = now();
    const cause = thrown.cause instanceof Error ? thrown.cause : thrown;
    if (cause instanceof StoppedError) return;
    failed = true;
    if (isUnavailable(cause)) {
      breaker.report(cause);
    } else {
      logger.error('polling failed', { err: cause });
      onEnd();
    }
  };
  const onEnd = (): void => {
    if (entry === 'trial') breaker.settled();
  };
  consumer.on('error', onError);
  consumer.on('processing_error', onError);
  consumer.on('timeout_error', onError);
  consumer.on('empty', onEnd);
  consumer.on('response_processed', onEnd);
  consumer.start();

  return {
    lastReturnAt: () => (waitingAtBreaker ? now() : lastReturnAt),
    stop: () =>
      new Promise<void>((resolve) => {
        // `stopped` is never emitted by a consumer that does not run, and may come from within stop().
        if (!consumer.status.isRunning) {
          resolve();
          return;
        }
        consumer.once('stopped', () => {
          resolve();
        });
        consumer.stop();
      }),
  };
}

export function startPollers(options: PollerOptions, dependencies: Dependencies): Pollers {
  const pollers = Array.from({ length: options.pollers }, () => startPoller(options, dependencies));
  return {
    lastReturnAt: () => Math.min(...pollers.map((poller) => poller.lastReturnAt())),
    stop: async () => {
      dependencies.breaker.stop();
      await Promise.all(pollers.map((poller) => poller.stop()));
    },
  };
}
