import { DeleteMessageBatchCommand, ReceiveMessageCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import type { AwsClients } from '../aws/clients.js';
import { isUnavailable } from '../aws/error-kind.js';
import type { Clock, Deadline, MonotonicClock } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';
import type { Breaker, Pass } from './breaker.js';
import type { Hold } from './hold.js';
import type { WorkerEnv } from './worker-env.js';

type PollerOptions = {
  queueUrl: string;
  env: Readonly<WorkerEnv>;
  /** Resolves with the messages to acknowledge: sqs-consumer then deletes them with one DeleteMessageBatch call. */
  handleBatch: (messages: Message[]) => Promise<Message[]>;
  /** SQS redelivers these messages, because the delete failed. */
  onOutage: (messages: Message[]) => void;
};

type Dependencies = {
  aws: Pick<AwsClients, 'sqs' | 'polling'>;
  breaker: Breaker;
  hold: Hold;
  logger: Logger;
  now: Clock;
  monotonic: MonotonicClock;
};

export type Pollers = ReturnType<typeof startPollers>;

/** A message that kills the process costs the others in flight a receive. So few pollers start, with one message each. */
const FIRST_POLLERS = 2;
/** The limit of SQS. */
const BATCH_SIZE = 10;
/** A trial risks the attempt of only one message, and returns at once. */
const TRIAL = { MaxNumberOfMessages: 1, WaitTimeSeconds: 0 };

/** Thrown inside the consumer to skip a poll. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** One polling loop. A worker has several, because a batch takes as long as its slowest message. */
function startPoller(options: PollerOptions, onSurvived: () => void, dependencies: Dependencies) {
  const { aws, breaker, hold, logger, now, monotonic } = dependencies;
  const { POLLER_WEDGED_AFTER_MS: wedgedAfterMs, HANDLER_TIMEOUT_MS: handlerTimeoutMs } = options.env;
  let pass: Pass | undefined;
  /** When the poller must show the next sign of life; undefined while it may wait indefinitely. */
  let signOfLife: Deadline | undefined;
  let lastReturnAt = now();
  /** Doubles after each handled batch. */
  let batchSize = 1;
  let poll = Promise.resolve();
  let endPoll: () => void = () => undefined;

  function expectSignOfLife(withinMs: number | undefined): void {
    signOfLife?.cancel();
    signOfLife = withinMs === undefined ? undefined : monotonic.startDeadline(withinMs);
  }

  async function receive({ input }: ReceiveMessageCommand) {
    poll = new Promise((resolve) => {
      endPoll = resolve;
    });
    expectSignOfLife(undefined);
    pass = await breaker.enter();
    if (!pass) throw new StoppedError('stopped before the poll');
    expectSignOfLife(wedgedAfterMs);
    const command = new ReceiveMessageCommand({
      ...input,
      MaxNumberOfMessages: batchSize,
      ...(pass.isTrial ? TRIAL : {}),
    });
    const output = await aws.polling.send(command);
    lastReturnAt = now();
    expectSignOfLife(wedgedAfterMs + handlerTimeoutMs);
    return output;
  }

  // sqs-consumer uses one client for everything. Here, polls wait for the breaker and use a client with a longer
  // timeout. The consumer's preReceiveMessageCallback runs too late to change the batch size. Its send options hold
  // only an abort signal that is never used; with options, the client would rebuild its middleware for each call.
  const send = (command: unknown): Promise<unknown> => {
    if (command instanceof ReceiveMessageCommand) return receive(command);
    if (command instanceof DeleteMessageBatchCommand) return hold.run(() => aws.sqs.send(command), breaker.report);
    return aws.sqs.send(command as never);
  };

  const consumer = Consumer.create({
    queueUrl: options.queueUrl,
    sqs: { send } as unknown as SQSClient,
    batchSize: BATCH_SIZE,
    waitTimeSeconds: options.env.SQS_WAIT_TIME_SECONDS,
    visibilityTimeout: options.env.VISIBILITY_TIMEOUT_SECONDS,
    // The breaker decides how long to wait after a failed poll.
    authenticationErrorTimeout: 0,
    messageSystemAttributeNames: ['ApproximateReceiveCount', 'ApproximateFirstReceiveTimestamp', 'SentTimestamp'],
    messageAttributeNames: ['All'],
    handleMessageBatch: options.handleBatch,
  });

  function onEnd(): void {
    expectSignOfLife(consumer.status.isRunning ? wedgedAfterMs : undefined);
    endPoll();
  }
  function onPolled(): void {
    pass?.done();
    onEnd();
  }
  consumer.on('empty', onPolled);
  consumer.on('response_processed', () => {
    batchSize = Math.min(BATCH_SIZE, batchSize * 2);
    onSurvived();
    onPolled();
  });
  consumer.on('error', (thrown, messages) => {
    const err = toError(thrown.cause ?? thrown);
    if (messages) {
      // The delete failed. `response_processed` follows.
      if (isUnavailable(err)) {
        breaker.report(err);
        options.onOutage([messages].flat());
      } else {
        logger.warn('a batch was not deleted, SQS redelivers its messages', { err });
      }
      return;
    }
    // Any error pauses polling: a queue that cannot be polled now may recover.
    if (!(err instanceof StoppedError)) breaker.report(err);
    onEnd();
  });
  consumer.start();

  return {
    isLive: () => !signOfLife?.hasPassed(),
    lastReturnAt: () => lastReturnAt,
    /** Restarts the wait for a sign of life, because held work lasts as long as its permission is missing. */
    restartWait: () => {
      if (signOfLife) expectSignOfLife(wedgedAfterMs + handlerTimeoutMs);
    },
    stop: () => {
      consumer.stop();
      // The consumer's `stopped` event comes too early, or up to a second late.
      return poll;
    },
  };
}

/** Starts a few pollers, and one more after each handled batch. */
export function startPollers(options: PollerOptions, dependencies: Dependencies) {
  const pollers: ReturnType<typeof startPoller>[] = [];
  let stopped = false;
  function startAnother(): void {
    if (stopped || pollers.length === options.env.WORKER_POLLERS) return;
    pollers.push(startPoller(options, startAnother, dependencies));
  }
  for (let n = 0; n < FIRST_POLLERS; n++) startAnother();
  dependencies.hold.whenReleased(() => {
    for (const poller of pollers) poller.restartWait();
  });
  return {
    /** False when a poller has shown no sign of life for too long. Waiting at the breaker, or for a permission, counts as one. */
    areLive: () => dependencies.hold.denial() !== undefined || pollers.every((poller) => poller.isLive()),
    /** Epoch ms of the last successful receive, or of the start, for the poller with the oldest one. */
    lastReturnAt: () => Math.min(...pollers.map((poller) => poller.lastReturnAt())),
    /** Resolves when nothing is in flight. No poll follows. */
    stop: async () => {
      stopped = true;
      dependencies.breaker.stop();
      await Promise.all(pollers.map((poller) => poller.stop()));
    },
  };
}
