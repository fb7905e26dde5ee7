import { afterEach } from '@jest/globals';
import { queueUrlOf } from './aws/arns.js';
import { createFakeSqs } from './aws/fake-sqs.js';
import { ownedTime } from './owned-time.js';
import { createRecordingLogger } from './recording-logger.js';
import { createBreaker } from '@orderflow/platform/worker/breaker';
import { createHold } from '@orderflow/platform/worker/hold';
import { startPollers, type Pollers } from '@orderflow/platform/worker/pollers';
import { WorkerEnv } from '@orderflow/platform/worker/worker-env';

export const WORK = queueUrlOf('work');

let running: Pollers | undefined;
afterEach(async () => {
  await running?.stop();
});

type Settings = { pollers?: number; hangs?: () => Promise<unknown>; handle?: (bodies: string[]) => Promise<boolean> };

/** Pollers with two clients of one fake queue: one receives, the other gets all other calls. */
export function startFakePollers({ pollers = 1, hangs, handle = async () => true }: Settings = {}) {
  const sqs = createFakeSqs({ queues: [{ name: 'work' }], longestPollMs: 10 });
  const polled: { MaxNumberOfMessages?: number; WaitTimeSeconds?: number }[] = [];
  const other: string[] = [];
  const time = { ms: 1_000 };
  const polling = {
    send: async (command: { input: object }, options: object) => {
      polled.push(command.input);
      await hangs?.();
      return sqs.send(command as never, options);
    },
  };
  const acks = {
    send: (command: object, options: object) => {
      other.push(command.constructor.name);
      return sqs.send(command as never, options);
    },
  };
  const log = createRecordingLogger();
  const away = { error: undefined as Error | undefined };
  const probe = async () => {
    if (away.error) throw away.error;
  };
  const now = () => time.ms;
  const monotonic = ownedTime(now);
  const breaker = createBreaker({ probe, logger: log.logger, monotonic, firstDelayMs: 5, maxDelayMs: 5 });
  running = startPollers(
    {
      queueUrl: WORK,
      env: Object.assign(new WorkerEnv(), { WORKER_POLLERS: pollers }),
      onOutage: () => undefined,
      handleBatch: async (messages) => ((await handle(messages.map(({ Body }) => Body!))) ? messages : []),
    },
    { aws: { sqs: acks, polling }, breaker, hold: createHold(), logger: log.logger, now, monotonic },
  );
  return {
    pollers: running,
    sqs,
    polled,
    other,
    time,
    log,
    away,
    breaker,
    send: (body: string) => sqs.enqueue(WORK, body),
  };
}

/** A promise and the function that resolves it. */
export function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
