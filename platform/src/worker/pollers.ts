import { ReceiveMessageCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import type { AwsClients } from '../aws/clients.js';
import { isUnavailable } from '../aws/error-kind.js';
import type { Clock, Deadline, MonotonicClock } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';
import type { Breaker, Pass } from './breaker.js';

type PollerOptions = {
  queueUrl: string;
  pollers: number;
  waitTimeSeconds: number;
  visibilityTimeoutSeconds: number;
  /** Longest that a handler may take. */
  handlerTimeoutMs: number;
  /** Longest that a receive call may take to return, and a batch besides its handlers. */
  wedgedAfterMs: number;
  /** Returns the messages to delete. */
  handleBatch: (messages: Message[]) => Promise<Message[]>;
  /** These come back because the queue could not be told to delete them. */
  onOutage: (messages: Message[]) => void;
};

type Dependencies = {
  aws: Pick<AwsClients, 'sqs' | 'polling'>;
  breaker: Breaker;
  logger: Logger;
  now: Clock;
  monotonic: MonotonicClock;
};

export type Pollers = {
  /** False when a poller has shown no sign of life for too long. Waiting at the breaker is one. */
  areLive(): boolean;
  /** Epoch ms of the last receive that succeeded, or of the start; of several pollers, the one for which that is longest ago. */
  lastReturnAt(): number;
  /** Resolves when nothing is in flight; afterwards nothing is received any more. */
  stop(): Promise<void>;
};

/** Pollers that a process starts with. Each takes one message at first: what kills the process costs few others a receive. */
const FIRST_POLLERS = 2;
/** The most that a queue hands out. */
const BATCH_SIZE = 10;
/** A trial risks one message's attempt, not ten, and answers at once whether the queue can be polled. */
const TRIAL = { MaxNumberOfMessages: 1, WaitTimeSeconds: 0 };

/** Thrown inside the consumer to leave a poll that must not happen. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** One polling loop. A batch waits for its slowest message, so a worker has several. */
function startPoller(options: PollerOptions, onSurvived: () => void, dependencies: Dependencies) {
  const { aws, breaker, logger, now, monotonic } = dependencies;
  let pass: Pass | undefined;
  /** Until when the poller has to show a sign of life; undefined while nobody can tell how long it may take. */
  let signOfLife: Deadline | undefined;
  let lastReturnAt = now();
  /** Doubled with each batch survived. */
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
    expectSignOfLife(options.wedgedAfterMs);
    const command = new ReceiveMessageCommand({
      ...input,
      MaxNumberOfMessages: batchSize,
      ...(pass.isTrial ? TRIAL : {}),
    });
    const output = await aws.polling.send(command);
    lastReturnAt = now();
    expectSignOfLife(options.wedgedAfterMs + options.handlerTimeoutMs);
    return output;
  }

  // sqs-consumer uses one client for everything: polls pass the breaker here, and have a longer timeout than acks. Its own
  // callback before a receive comes too late to change what is asked for. Its options, a signal that only `abort` uses,
  // are left out: with any, the client puts the steps of the call together anew.
  const send = (command: unknown) =>
    command instanceof ReceiveMessageCommand ? receive(command) : aws.sqs.send(command as never);

  const consumer = Consumer.create({
    queueUrl: options.queueUrl,
    sqs: { send } as SQSClient,
    batchSize: BATCH_SIZE,
    waitTimeSeconds: options.waitTimeSeconds,
    visibilityTimeout: options.visibilityTimeoutSeconds,
    // After a failed poll the breaker says how long to wait.
    authenticationErrorTimeout: 0,
    messageSystemAttributeNames: ['ApproximateReceiveCount', 'ApproximateFirstReceiveTimestamp', 'SentTimestamp'],
    messageAttributeNames: ['All'],
    handleMessageBatch: options.handleBatch,
  });

  function onEnd(): void {
    expectSignOfLife(consumer.status.isRunning ? options.wedgedAfterMs : undefined);
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
      // Deleting failed; `response_processed` follows.
      if (isUnavailable(err)) {
        breaker.report(err);
        options.onOutage([messages].flat());
      } else {
        logger.warn('a batch was not deleted, its messages come back', { err });
      }
      return;
    }
    // Whatever the reason: a queue that cannot be polled now is asked again after a pause.
    if (!(err instanceof StoppedError)) breaker.report(err);
    onEnd();
  });
  consumer.start();

  return {
    isLive: () => !signOfLife?.hasPassed(),
    lastReturnAt: () => lastReturnAt,
    stop: () => {
      consumer.stop();
      // Not the consumer's `stopped`: that comes at once, or looks once a second whether the last poll has ended.
      return poll;
    },
  };
}

/** A few pollers at first, and one more with each batch that the process has survived. */
export function startPollers(options: PollerOptions, dependencies: Dependencies): Pollers {
  const pollers: ReturnType<typeof startPoller>[] = [];
  let stopped = false;
  function startAnother(): void {
    if (stopped || pollers.length === options.pollers) return;
    pollers.push(startPoller(options, startAnother, dependencies));
  }
  for (let n = 0; n < FIRST_POLLERS; n++) startAnother();
  return {
    areLive: () => pollers.every((poller) => poller.isLive()),
    lastReturnAt: () => Math.min(...pollers.map((poller) => poller.lastReturnAt())),
    stop: async () => {
      stopped = true;
      dependencies.breaker.stop();
      await Promise.all(pollers.map((poller) => poller.stop()));
    },
  };
}
