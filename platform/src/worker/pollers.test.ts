import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { gate, startFakePollers, WORK } from '@orderflow/testing/fake-pollers';

describe('polling', () => {
  it('receives messages with their attributes, and deletes through the other client', async () => {
    const { sqs, polled, other, send } = startFakePollers();
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

  it('doubles the batch size after each handled batch, up to ten', async () => {
    const batches: number[] = [];
    const { sqs, send } = startFakePollers({
      handle: async (bodies) => {
        batches.push(bodies.length);
        return true;
      },
    });
    for (let n = 0; n < 35; n++) send(String(n));
    await eventually(() => sqs.messages(WORK).length === 0);
    expect(batches).toEqual([1, 2, 4, 8, 10, 10]);
  });

  it('handles one batch per poller', async () => {
    const working = gate();
    const inHand: string[][] = [];
    const { sqs, send } = startFakePollers({
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

  it('handles two messages until a batch is handled, however many pollers are allowed', async () => {
    const first = gate();
    const rest = gate();
    let inHand = 0;
    const { sqs, send } = startFakePollers({
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
    // Two for the poller that has handled one, and one for the new poller.
    await eventually(() => inHand === 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inHand).toBe(5);
    rest.open();
    await eventually(() => sqs.messages(WORK).length === 0);
  });

  it('keeps the batch size after an empty poll', async () => {
    const { polled } = startFakePollers();
    await eventually(() => polled.length > 3);
    expect(new Set(polled.map(({ MaxNumberOfMessages }) => MaxNumberOfMessages))).toEqual(new Set([1]));
  });

  it('continues after a failed delete', async () => {
    const { sqs, log, send } = startFakePollers();
    sqs.failNext('DeleteMessageBatch', Object.assign(new Error('no'), { name: 'ReceiptHandleIsInvalid' }));
    send('a');
    const { fields } = await log.next('a batch was not deleted, SQS redelivers its messages');
    expect(fields).toMatchObject({ err: { name: 'ReceiptHandleIsInvalid' } });
    send('b');
    await eventually(() => sqs.messages(WORK).length === 1);
    expect(log.lines).toHaveLength(1);
  });

  it.each([
    ['an outage', connectionRefused(), 'paused: a dependency is unavailable'],
    ['a refusal', Object.assign(new Error('no'), { name: 'InvalidAddress' }), 'paused: the queue cannot be polled'],
  ])(
    'pauses after %s, tries one message without a long poll, and then continues as before',
    async (_name, error, line) => {
      const { sqs, polled, log, away, send } = startFakePollers();
      // Let the batch size grow first, so that the trial's single message shows.
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
    },
  );

  it('lets one poller try after an outage while the others wait', async () => {
    const working = gate();
    const batches: string[][] = [];
    const { sqs, polled, log, away, send, breaker } = startFakePollers({
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
    await log.next('paused: a dependency is unavailable');
    // Polls that were in flight when the outage began.
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

  it('resumes after an empty trial', async () => {
    const { sqs, log } = startFakePollers({ pollers: 3 });
    sqs.failNext('ReceiveMessage', connectionRefused);
    await log.next('resumed');
    expect(log.messages()).toEqual(['paused: a dependency is unavailable', 'resumed']);
  });

  it('stays paused when the handler of the trial reports an outage', async () => {
    let reports = 3;
    const state = startFakePollers({
      handle: async () => {
        if (reports-- > 0) state.breaker.report(connectionRefused());
        return reports < 0;
      },
    });
    state.away.error = connectionRefused();
    state.sqs.failAlways('*', connectionRefused);
    await state.log.next('paused: a dependency is unavailable');
    for (const body of ['a', 'b', 'c', 'd']) state.send(body);
    state.sqs.heal();
    state.away.error = undefined;
    await state.log.next('resumed');
    expect(reports).toBe(-1);
    expect(state.log.messages()).toEqual(['paused: a dependency is unavailable', 'resumed']);
  });
});
