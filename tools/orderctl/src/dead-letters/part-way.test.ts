import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createFakeSystem } from '@orderflow/testing/orderctl/fake-system';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';
import { aFailedOrder, bodyOf } from '@orderflow/testing/orderctl/orders';
import { drop } from './drop.js';
import { replay, type ReplayOptions } from './replay.js';

const ALL: ReplayOptions = { all: true, maxReplays: 5 };
const LETTERS = 5;

function start() {
  const fake = createFakeSystem();
  const orders = Array.from({ length: LETTERS }, () => aFailedOrder());
  fake.put(...orders);
  for (const [index, order] of orders.entries()) {
    fake.deadLetter(bodyOf(order), { code: 'RECEIVES_EXHAUSTED', reason: 'why', originalMessageId: `m${index}` });
  }
  const run = async (command: (terminal: ReturnType<typeof createFakeTerminal>) => Promise<number>) => {
    const terminal = createFakeTerminal();
    const exitCode = await command(terminal);
    const lines = terminal.written().split('\n').filter(Boolean);
    const results = lines.map((line) => line.split(' ')[0] ?? '');
    return { exitCode, said: terminal.said(), results, written: terminal.written() };
  };
  return {
    ...fake,
    left: () => fake.queue('orderDeadLetterQueue').length,
    replay: () => run((terminal) => replay(fake.system, terminal, ALL)),
    drop: () => run((terminal) => drop(fake.system, terminal, { all: true, yes: true })),
  };
}

const count = (results: string[], wanted: string): number => results.filter((result) => result === wanted).length;
const refused = { name: 'InvalidParameterValue', message: 'no such thing' };

describe('a replay that fails part-way', () => {
  it('deletes and counts the messages it sent, reports the others, and the next run replays those', async () => {
    const { aws, left, replay: run, queue } = start();
    aws.sqs.failNext('SendMessage', Object.assign(new Error(refused.message), refused), 2);
    const first = await run();
    expect(first).toMatchObject({ exitCode: 1 });
    expect([count(first.results, 'replayed'), count(first.results, 'failed')]).toEqual([3, 2]);
    expect(first.written).toContain('no such thing');
    expect(first.said).toContain('3 replayed, 0 refused, 2 failed: they are left where they are');
    expect([left(), queue('orderQueue').length]).toEqual([2, 3]);
    expect(await run()).toMatchObject({
      exitCode: 0,
      said: '2 replayed, 0 refused\n',
      results: ['replayed', 'replayed'],
    });
    expect([left(), queue('orderQueue').length]).toEqual([0, 5]);
  });

  it('reports a letter that it cannot check, and continues with the others', async () => {
    const { aws, replay: run } = start();
    aws.dynamo.failNext('Get', Object.assign(new Error(refused.message), refused));
    const { exitCode, results } = await run();
    expect(exitCode).toBe(1);
    expect([count(results, 'replayed'), count(results, 'failed')]).toEqual([4, 1]);
  });

  it.each([
    [
      'the delete fails',
      (aws: ReturnType<typeof start>['aws']) => {
        aws.sqs.failNext('DeleteMessageBatch', Object.assign(new Error('no'), refused));
      },
      5,
    ],
    [
      'one entry of the delete fails',
      (aws: ReturnType<typeof start>['aws']) => {
        aws.sqs.rejectEntriesNext('DeleteMessageBatch', 'InternalError');
      },
      1,
    ],
  ])('says which replayed messages are still there when %s', async (_what, plan, still) => {
    const { aws, left, replay: run } = start();
    plan(aws);
    const first = await run();
    expect(first.exitCode).toBe(1);
    expect(first.said).toContain(`5 replayed, 0 refused\n${still} of those that were replayed could not be deleted`);
    expect(left()).toBe(still);
    expect(await run()).toMatchObject({ exitCode: 0, said: `${still} replayed, 0 refused\n` });
  });

  it('stops in an outage after the current messages', async () => {
    const { aws, left, replay: run } = start();
    aws.sqs.failAlways('SendMessage', connectionRefused);
    const { exitCode, said, results } = await run();
    expect(exitCode).toBe(1);
    expect(said).toContain('further dead letters were not looked at');
    expect(new Set(results)).toEqual(new Set(['failed']));
    aws.sqs.heal();
    expect(left()).toBe(5);
    expect(await run()).toMatchObject({ exitCode: 0, said: '5 replayed, 0 refused\n' });
  });
});

describe('a drop that fails part-way', () => {
  it('counts dropped messages, reports the others, and the next run drops those', async () => {
    const { aws, left, drop: run } = start();
    aws.sqs.rejectEntriesNext('DeleteMessageBatch', 'InternalError', 2);
    const first = await run();
    expect(first).toMatchObject({ exitCode: 1, said: '3 dropped, 2 failed: they are left where they are\n' });
    expect([count(first.results, 'dropped'), count(first.results, 'failed')]).toEqual([3, 2]);
    expect(left()).toBe(2);
    expect(await run()).toMatchObject({ exitCode: 0, said: '2 dropped\n' });
  });
});
