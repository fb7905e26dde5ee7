import { ReceiveMessageCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import type { AwsClients } from '../aws/clients.js';
import { isUnavailable } from '../aws/failures.js';
import type { Clock } from '../clock.js';
import { toError } from '../errors.js';
import type { Logger } from '../logger.js';
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
};

export type Pollers = {
  /** False when a poller has shown no sign of life for too long. Waiting at the breaker is one. */
  areLive(): boolean;
  /** Epoch ms of the last receive that succeeded, or of the start; of several turns, the one for which that is longest ago. */
  lastReturnAt(): number;
  /** Resolves when nothing is in flight; afterwards nothing is received any more. */
  stop(): Promise<void>;
};

/** Receive calls under way at a time: more of them bring fewer messages each, and cost the more while there are none. */
const RECEIVES = 2;
/** The most that a queue hands out. */
const BATCH_SIZE = 10;
/** A trial risks one message's attempt, not ten, and answers at once whether the queue can be polled. */
const TRIAL = { MaxNumberOfMessages: 1, WaitTimeSeconds: 0 };

/** Thrown inside the consumer to leave a poll that must not happen. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** Leave to receive. `lastReturnAt` is that of the last receive made with it. */
type Turn = { lastReturnAt: number };

type Turns = {
  take(): Turn | Promise<Turn>;
  giveBack(turn: Turn): void;
  lastReturnAt(): number;
};

/** First come, first served. */
function createTurns(count: number, now: Clock): Turns {
  const all: Turn[] = Array.from({ length: count }, () => ({ lastReturnAt: now() }));
  const free = [...all];
  const waiting: ((turn: Turn) => void)[] = [];
  return {
    take: () => free.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    giveBack: (turn) => {
      const next = waiting.shift();
      if (next) next(turn);
      else free.push(turn);
    },
    lastReturnAt: () => Math.min(...all.map(({ lastReturnAt }) => lastReturnAt)),
  };
}

type Surroundings = { turns: Turns; onSurvived: () => void };

/** One polling loop. A batch waits for its slowest message, so a worker has several. */
function createPoller(
  options: PollerOptions,
  { turns, onSurvived }: Surroundings,
  { aws, breaker, logger, now }: Dependencies,
) {
  let pass: Pass | undefined;
  /** Epoch ms at which the poller counts as wedged. */
  let wedgedAt = Infinity;
  /** Doubled with each batch survived: in a process that dies at each start, a message costs few others a receive. */
  let batchSize = 1;
  let poll = Promise.resolve();
  let endPoll: () => void = () => undefined;

  async function receive({ input }: ReceiveMessageCommand) {
    poll = new Promise((resolve) => {
      endPoll = resolve;
    });
    wedgedAt = Infinity;
    const turn = await turns.take();
    try {
      pass = await breaker.enter();
      if (!pass) throw new StoppedError('stopped before the poll');
      wedgedAt = now() + options.wedgedAfterMs;
      const command = new ReceiveMessageCommand({
        ...input,
        MaxNumberOfMessages: batchSize,
        ...(pass.isTrial ? TRIAL : {}),
      });
      const output = await aws.polling.send(command);
      turn.lastReturnAt = now();
      wedgedAt = turn.lastReturnAt + options.wedgedAfterMs + options.handlerTimeoutMs;
      return output;
    } finally {
      turns.giveBack(turn);
    }
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
    messageAttributeNames: ['replayId', 'replayCount'],
    handleMessageBatch: options.handleBatch,
  });

  function onEnd(): void {
    wedgedAt = consumer.status.isRunning ? now() + options.wedgedAfterMs : Infinity;
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

  return {
    start: () => {
      consumer.start();
    },
    isLive: () => now() < wedgedAt,
    stop: () => {
      consumer.stop();
      // Not the consumer's `stopped`: that comes at once, or looks once a second whether the last poll has ended.
      return poll;
    },
  };
}

/** As many pollers as may receive, and one more with each batch survived, so that a death at the start costs few receives. */
export function startPollers(options: PollerOptions, dependencies: Dependencies): Pollers {
  const receives = Math.min(RECEIVES, options.pollers);
  const turns = createTurns(receives, dependencies.now);
  let stopped = false;
  let started = 0;
  function startNext(): void {
    if (!stopped) pollers[started++]?.start();
  }
  const pollers = Array.from({ length: options.pollers }, () =>
    createPoller(options, { turns, onSurvived: startNext }, dependencies),
  );
  for (let n = 0; n < receives; n++) startNext();
  return {
    areLive: () => pollers.every((poller) => poller.isLive()),
    lastReturnAt: () => turns.lastReturnAt(),
    stop: async () => {
      stopped = true;
      dependencies.breaker.stop();
      await Promise.all(pollers.map((poller) => poller.stop()));
    },
  };
}
