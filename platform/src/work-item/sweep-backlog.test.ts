import { describe, expect, it } from '@jest/globals';
import { NotDescribedError } from '../health/checks.js';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import {
  createOutboxSystem,
  finishedThing,
  NOTHING_SWEPT,
  SWEEPER_OPTIONS,
  SWEPT_AT_MS,
  thing,
} from '@orderflow/testing/outbox-system';

const MINUTE_MS = 60_000;

describe('a backlog in the queue', () => {
  const three = () => [1, 2, 3].map((i) => thing({ thingId: `thing-${i}` }));

  it('explains due markers while it has as many messages as there are due markers', async () => {
    const outbox = createOutboxSystem([...three()]);
    outbox.queue.work.visible = 3;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 3, waiting: 3 });
    expect(outbox.item('thing-1')).toEqual(three()[0]);
  });

  it('explains one due marker per message: those that have been due longest are republished', async () => {
    const outbox = createOutboxSystem([
      ...[3, 1, 2].map((i) => thing({ thingId: `thing-${i}`, outboxShard: i, outboxAt: SWEPT_AT_MS - 1_000 + i })),
    ]);
    outbox.queue.work.visible = 2;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 3, republished: 1, waiting: 2 });
    expect(outbox.published()).toEqual(['Made thing-1 v1']);
  });

  it('explains due markers for ten minutes and no longer', async () => {
    const outbox = createOutboxSystem([thing({ outboxAt: SWEPT_AT_MS })]);
    outbox.queue.work.visible = 1_000_000;
    outbox.time.ms += SWEEPER_OPTIONS.queueGraceMs - 1;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, waiting: 1 });
    outbox.time.ms += 1;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, republished: 1 });
  });

  it('is counted before the items are read, because workers continue meanwhile', async () => {
    const outbox = createOutboxSystem([...three()]);
    outbox.queue.work.visible = 3;
    const { send } = outbox.aws.dynamo;
    outbox.aws.dynamo.send = (async (command: { constructor: { name: string } }) => {
      const answer = (await send(command as never)) as unknown;
      if (command.constructor.name === 'BatchGetCommand') outbox.queue.work.visible = 0;
      return answer;
    }) as never;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 3, waiting: 3 });
  });

  it('is not counted when nothing is due', async () => {
    const outbox = createOutboxSystem([]);
    outbox.queue.work.visible = NaN;
    expect(await outbox.sweep()).toEqual(NOTHING_SWEPT);
  });
});

describe('an outage of the workers', () => {
  const lasting = async (outbox: ReturnType<typeof createOutboxSystem>, sweeps: number) => {
    const reports = [];
    for (let sweep = 0; sweep < sweeps; sweep++) {
      reports.push(await outbox.sweep());
      outbox.time.ms += 15 * MINUTE_MS;
    }
    return reports;
  };

  // 100 sweeps are a day and an hour.
  it.each([
    ['one order', 1],
    ['a backlog', 12],
  ])('gives up none of %s in 100 sweeps, and adds at most one message to each', async (_what, count) => {
    const outbox = createOutboxSystem(
      Array.from({ length: count }, (_, i) => thing({ thingId: `t${i}`, outboxShard: i % 8 })),
    );
    outbox.queue.work.visible = count;
    const reports = await lasting(outbox, 100);
    expect(reports.reduce((sum, { givenUp }) => sum + givenUp, 0)).toBe(0);
    const messages = outbox.published().length;
    expect(messages).toBeLessThanOrEqual(count);
    expect(new Set(outbox.published()).size).toBe(messages);
    for (let i = 0; i < count; i++)
      expect(outbox.item(`t${i}`)).toMatchObject({ status: 'PENDING', outboxAttempts: 0 });
  });

  it('adds at most one message per item when more markers are due than there are messages', async () => {
    const outbox = createOutboxSystem(
      Array.from({ length: 12 }, (_, i) => thing({ thingId: `t${i}`, outboxShard: i % 8 })),
    );
    outbox.queue.work.visible = 1;
    await lasting(outbox, 100);
    expect(outbox.published().sort()).toEqual(Array.from({ length: 12 }, (_, i) => `Made t${i} v1`).sort());
  });

  it('republishes the event after more than four days, when the queue has dropped the message', async () => {
    const outbox = createOutboxSystem([thing()]);
    outbox.queue.work.visible = 1;
    await lasting(outbox, 4);
    expect(outbox.published()).toHaveLength(1);
    outbox.time.ms = Number(outbox.item().outboxSentAt) + SWEEPER_OPTIONS.retentionMs - 1;
    await outbox.sweep();
    expect(outbox.published()).toHaveLength(1);
    outbox.time.ms += 1;
    await outbox.sweep();
    expect(outbox.published()).toHaveLength(2);
  });

  it('counts attempts again once a sweep finds the queue empty', async () => {
    const outbox = createOutboxSystem([thing()]);
    outbox.queue.work.visible = 1;
    await lasting(outbox, 10);
    outbox.queue.work.visible = 0;
    await lasting(outbox, SWEEPER_OPTIONS.maxAttempts * 4);
    expect(outbox.published()).toContain('Ended thing-1 v3');
    expect(outbox.published().filter((entry) => entry === 'Made thing-1 v1')).toHaveLength(
      1 + SWEEPER_OPTIONS.maxAttempts,
    );
  });

  it('counts no attempt while messages are in flight', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 12, updatedAt: '2026-12-31T23:00:00.000Z' })]);
    outbox.queue.work.inFlight = 1;
    await lasting(outbox, 100);
    expect(outbox.item()).toMatchObject({ status: 'PENDING', outboxAttempts: 12 });
    // The queue is empty, so a lost message is replaced soon.
    expect(outbox.published().length).toBeGreaterThan(10);
  });

  it('adds at most one message per outcome, if it stops the consumers of outcomes', async () => {
    const outbox = createOutboxSystem([finishedThing()]);
    outbox.queue.outcomes.visible = 1;
    await lasting(outbox, 100);
    expect(outbox.published()).toEqual(['Ended thing-1 v3']);
  });
});

describe('a rule that is off', () => {
  const disabled = new Error('rule made is disabled');

  it.each([
    ['is disabled', disabled],
    ['does not exist', Object.assign(new Error('rule made does not exist'), { name: 'ResourceNotFoundException' })],
  ])('holds events back and counts no attempt while it %s', async (_what, reason) => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 11 }), finishedThing({ thingId: 'thing-2' })]);
    outbox.blocked.work = reason;
    for (let sweep = 0; sweep < 100; sweep++) {
      expect(await outbox.sweep()).toMatchObject({ blocked: 1, blockedBy: [reason.message], givenUp: 0 });
      outbox.time.ms += 5 * MINUTE_MS;
    }
    // The other subscription is enabled.
    expect(new Set(outbox.published())).toEqual(new Set(['Ended thing-2 v3']));
    expect(outbox.item()).toMatchObject({ status: 'PENDING', outboxAttempts: 11 });
    delete outbox.blocked.work;
    expect(await outbox.sweep()).toMatchObject({ blocked: 0, republished: 1 });
  });

  it('counts as enabled if this process has no permission to describe it', async () => {
    const outbox = createOutboxSystem([thing()]);
    outbox.blocked.work = new NotDescribedError('AccessDeniedException: no');
    expect(await outbox.sweep()).toMatchObject({ blocked: 0, republished: 1 });
  });

  it('ends the sweep when the rule cannot be checked in an outage', async () => {
    const outbox = createOutboxSystem([thing()]);
    outbox.blocked.work = connectionRefused();
    await expect(outbox.sweep()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(outbox.item()).toEqual(thing());
  });
});
