import { afterEach, describe, expect, it } from '@jest/globals';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createFakeSqs } from '@orderflow/testing/aws/fake-sqs';
import { ownedTime } from '@orderflow/testing/owned-time';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { eventually } from '@orderflow/testing/worker-system';
import { createBreaker } from './breaker.js';
import { startPollers, type Pollers } from './pollers.js';

const WORK = queueUrlOf('work');

let running: Pollers | undefined;
afterEach(async () => {
  await running?.stop();
});

type Settings = { pollers?: number; hangs?: () => Promise<unknown>; handle?: (bodies: string[]) => Promise<boolean> };

/** Pollers over two fakes of one queue each: only the first is polled, the second gets the rest. */
function start({ pollers = 1, hangs, handle = async () => true }: Settings = {}) {
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
      pollers,
      waitTimeSeconds: 5,
      visibilityTimeoutSeconds: 30,
      handlerTimeoutMs: 20_000,
      wedgedAfterMs: 60_000,
      onOutage: () => undefined,
      handleBatch: async (messages) => ((await handle(messages.map(({ Body }) => Body!))) ? messages : []),
    },
    { aws: { sqs: acks, polling }, breaker, logger: log.logger, now, monotonic },
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

/** A promise and its key. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('polling', () => {
  it('asks for messages and what the worker needs to know of each, and acks through the other client', async () => {
    const { sqs, polled, other, send } = start();
    send('a');
    await eventually(() => sqs.messages(WORK).length === 0);
    expect(polled[0]).toMatchObject({
      MaxNumberOfMessages: 1,
      WaitTimeSeconds: 5,
      VisibilityTimeout: 30,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'ApproximateFirstReceiveTimestamp', 'SentTimestamp'],
      MessageAttributeNames: ['All'],
    });
    expect(new Set(other)).toEqual(new Set(['DeleteMessageBatchCommand']));
  });

  it('takes more messages with each batch that the process has survived, and ten at most', async () => {
    const batches: number[] = [];
    const { sqs, send } = start({
      handle: async (bodies) => {
        batches.push(bodies.length);
        return true;
      },
    });
    for (let n = 0; n < 35; n++) send(String(n));
    await eventually(() => sqs.messages(WORK).length === 0);
    expect(batches).toEqual([1, 2, 4, 8, 10, 10]);
  });

  it('has a batch in hand for each poller', async () => {
    const working = gate();
    const inHand: string[][] = [];
    const { sqs, send } = start({
      pollers: 5,
      handle: async (bodies) => {
        inHand.push(bodies);
        if (bodies.includes('slow')) await working.opened;
        return true;
      },
    });
    for (let n = 0; n < 60; n++) send('quick');
    await eventually(() => sqs.messages(WORK).length === 0);
    inHand.length = 0;
    for (let n = 0; n < 60; n++) send('slow');
    await eventually(() => inHand.length === 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inHand).toHaveLength(5);
    working.open();
    await eventually(() => sqs.messages(WORK).length === 0);
  });

  it('has two messages in hand until a batch was survived, however many pollers there may be', async () => {
    const first = gate();
    const rest = gate();
    let inHand = 0;
    const { sqs, send } = start({
      pollers: 8,
      handle: async (bodies) => {
        inHand += bodies.length;
        await (inHand === 1 ? first : rest).opened;
        return true;
      },
    });
    for (let n = 0; n < 20; n++) send(String(n));
    await eventually(() => inHand === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inHand).toBe(2);
    first.open();
    // Two for the poller that has survived one, and one for the poller that follows.
    await eventually(() => inHand === 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inHand).toBe(5);
    rest.open();
    await eventually(() => sqs.messages(WORK).length === 0);
  });

  it('takes no more after a poll that found nothing', async () => {
    const { polled } = start();
    await eventually(() => polled.length > 3);
    expect(new Set(polled.map(({ MaxNumberOfMessages }) => MaxNumberOfMessages))).toEqual(new Set([1]));
  });

  it('goes on after a batch that could not be deleted', async () => {
    const { sqs, log, send } = start();
    sqs.failNext('DeleteMessageBatch', Object.assign(new Error('no'), { name: 'ReceiptHandleIsInvalid' }));
    send('a');
    const { fields } = await log.next('a batch was not deleted, its messages come back');
    expect(fields).toMatchObject({ err: { name: 'ReceiptHandleIsInvalid' } });
    send('b');
    await eventually(() => sqs.messages(WORK).length === 1);
    expect(log.lines).toHaveLength(1);
  });

  it.each([
    ['an outage', connectionRefused(), 'paused: a dependency is away'],
    ['a refusal', Object.assign(new Error('no'), { name: 'InvalidAddress' }), 'paused: the queue cannot be polled'],
  ])('pauses after %s, tries one message without waiting, and then goes on as before', async (_name, error, line) => {
    const { sqs, polled, log, away, send } = start();
    // A poller that asks for one message anyway would not show that the trial does.
    for (let n = 0; n < 1 + 2 + 4 + 8; n++) send(String(n));
    await eventually(() => sqs.messages(WORK).length === 0 && polled.at(-1)?.MaxNumberOfMessages === 10);
    away.error = error;
    sqs.failAlways('*', error);
    await log.next(line);
    const before = polled.length;
    for (const body of ['a', 'b', 'c']) send(body);
    sqs.heal();
    away.error = undefined;
    await log.next('resumed');
    await eventually(() => sqs.messages(WORK).length === 0);
    expect(polled.slice(before, before + 2)).toMatchObject([
      { MaxNumberOfMessages: 1, WaitTimeSeconds: 0 },
      { MaxNumberOfMessages: 10, WaitTimeSeconds: 5 },
    ]);
    expect(log.messages()).toEqual([line, 'resumed']);
  });

  it('sends one poller ahead, and none of the others while that one works', async () => {
    const working = gate();
    const batches: string[][] = [];
    const { sqs, polled, log, away, send, breaker } = start({
      pollers: 4,
      handle: async (bodies) => {
        if (bodies.includes('before')) return true;
        batches.push(bodies);
        await working.opened;
        return true;
      },
    });
    for (let n = 0; n < 8; n++) send('before');
    await eventually(() => sqs.messages(WORK).length === 0);
    away.error = connectionRefused();
    sqs.failAlways('*', connectionRefused);
    await log.next('paused: a dependency is away');
    // What was under way when the outage began.
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const body of ['a', 'b', 'c']) send(body);
    const before = polled.length;
    sqs.heal();
    away.error = undefined;
    await eventually(() => batches.length > 0);
    expect(breaker.state).toBe('half-open');
    expect(batches).toEqual([['a']]);
    expect(polled.length - before).toBe(1);
    working.open();
    await eventually(() => sqs.messages(WORK).length === 0);
    expect(batches.flat().sort()).toEqual(['a', 'b', 'c']);
  });

  it('resumes although the trial finds nothing', async () => {
    const { sqs, log } = start({ pollers: 3 });
    sqs.failNext('ReceiveMessage', connectionRefused);
    await log.next('resumed');
    expect(log.messages()).toEqual(['paused: a dependency is away', 'resumed']);
  });

  it('stays paused when the handler of the trial reports an outage', async () => {
    let reports = 3;
    const state = start({
      handle: async () => {
        if (reports-- > 0) state.breaker.report(connectionRefused());
        return reports < 0;
      },
    });
    state.away.error = connectionRefused();
    state.sqs.failAlways('*', connectionRefused);
    await state.log.next('paused: a dependency is away');
    for (const body of ['a', 'b', 'c', 'd']) state.send(body);
    state.sqs.heal();
    state.away.error = undefined;
    await state.log.next('resumed');
    expect(reports).toBe(-1);
    expect(state.log.messages()).toEqual(['paused: a dependency is away', 'resumed']);
  });
});

describe('liveness', () => {
  it('ends when a receive call does not return in time', async () => {
    const hanging = gate();
    const { pollers, polled, time } = start({
      pollers: 2,
      hangs: () => (polled.length > 2 ? hanging.opened : Promise.resolve()),
    });
    await eventually(() => polled.length >= 4);
    expect(pollers.areLive()).toBe(true);
    time.ms += 59_999;
    expect(pollers.areLive()).toBe(true);
    time.ms += 1;
    expect(pollers.areLive()).toBe(false);
    hanging.open();
    await eventually(() => pollers.areLive());
  });

  it('gives a batch the time of its handlers besides', async () => {
    const working = gate();
    let started = false;
    const { pollers, time, send } = start({
      handle: async () => {
        started = true;
        await working.opened;
        return true;
      },
    });
    send('a');
    await eventually(() => started);
    time.ms += 79_999;
    expect(pollers.areLive()).toBe(true);
    time.ms += 1;
    expect(pollers.areLive()).toBe(false);
    working.open();
  });

  it('does not end during an outage, however long', async () => {
    const { pollers, sqs, time, log, away } = start({ pollers: 3 });
    away.error = connectionRefused();
    sqs.failAlways('*', connectionRefused);
    await log.next('paused: a dependency is away');
    await eventually(() => {
      time.ms += 3_600_000;
      return pollers.areLive();
    });
  });
});

describe('stopping', () => {
  it('waits for the handlers and the delete, and receives nothing afterwards', async () => {
    const working = gate();
    let started = false;
    const { pollers, sqs, polled, send, time } = start({
      handle: async () => {
        started = true;
        await working.opened;
        return true;
      },
    });
    send('a');
    await eventually(() => started);
    let ended = false;
    const stopping = pollers.stop().then(() => {
      ended = true;
    });
    send('b');
    const before = polled.length;
    await new Promise(setImmediate);
    expect(ended).toBe(false);
    working.open();
    await stopping;
    expect(sqs.messages(WORK).map(({ body }) => body)).toEqual(['b']);
    expect(polled.length).toBe(before);
    time.ms += 3_600_000;
    expect(pollers.areLive()).toBe(true);
  });

  it('starts no further poller for a batch that ends meanwhile', async () => {
    const working = gate();
    const { pollers, polled, breaker, send } = start({ pollers: 4, handle: () => working.opened.then(() => true) });
    send('a');
    await eventually(() => polled.length > 2);
    const stopping = pollers.stop();
    let entered = 0;
    const enter = breaker.enter.bind(breaker);
    breaker.enter = () => {
      entered += 1;
      return enter();
    };
    working.open();
    await stopping;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(entered).toBe(0);
  });

  it('waits for a poll that is under way, and for the messages that it brings', async () => {
    const hanging = gate();
    const { pollers, sqs, polled, send } = start({ hangs: () => hanging.opened });
    await eventually(() => polled.length === 1);
    const stopping = pollers.stop();
    send('a');
    hanging.open();
    await stopping;
    expect(sqs.messages(WORK)).toEqual([]);
    expect(polled).toHaveLength(1);
  });

  it('ends at once while polling is paused', async () => {
    const { pollers, sqs, log, away, polled } = start({ pollers: 2 });
    away.error = connectionRefused();
    sqs.failAlways('*', connectionRefused);
    await log.next('paused: a dependency is away');
    await pollers.stop();
    const calls = polled.length;
    sqs.heal();
    await new Promise(setImmediate);
    expect(polled).toHaveLength(calls);
    expect(log.messages()).toEqual(['paused: a dependency is away']);
  });
});
