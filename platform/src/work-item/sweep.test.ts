import { describe, expect, it } from '@jest/globals';
import { leaseEndsAt } from './lease.js';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import {
  createOutboxSystem,
  finishedThing,
  NOTHING_SWEPT,
  SWEEPER_OPTIONS,
  SWEPT_AT_MS,
  thing,
} from '@orderflow/testing/outbox-system';

const SWEPT_AT = new Date(SWEPT_AT_MS).toISOString();

describe('a due marker', () => {
  it('republishes its event, and moves to a later time', async () => {
    const outbox = createOutboxSystem([thing()]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, republished: 1 });
    expect(outbox.published()).toEqual(['Made thing-1 v1']);
    const timeline = { republished_1: { at: SWEPT_AT, version: 1 } };
    expect(outbox.item()).toEqual(
      thing({ outboxAt: SWEPT_AT_MS + 5_000, outboxAttempts: 1, outboxSentAt: SWEPT_AT_MS, timeline }),
    );
  });

  it('adds each publication to the timeline with the version of the item, up to 60 entries', async () => {
    const outbox = createOutboxSystem([finishedThing()]);
    for (let n = 1; n <= 70; n++) {
      await outbox.sweep();
      outbox.time.ms = Number(outbox.item().outboxAt);
    }
    const { timeline, outboxSentAt } = outbox.item() as { timeline: Record<string, object>; outboxSentAt: number };
    expect(Object.keys(timeline)).toHaveLength(60);
    expect(timeline.republished_60).toEqual({ at: new Date(outboxSentAt).toISOString(), version: 3 });
  });

  it('works for an item without a timeline', async () => {
    const { timeline: _timeline, ...row } = thing();
    const outbox = createOutboxSystem([row]);
    expect(await outbox.sweep()).toMatchObject({ republished: 1, failed: 0 });
    expect(outbox.item()).toMatchObject({ outboxAttempts: 1 });
  });

  it('is found in every shard', async () => {
    const things = Array.from({ length: 8 }, (_, outboxShard) =>
      thing({ thingId: `thing-${outboxShard}`, outboxShard }),
    );
    const outbox = createOutboxSystem([...things]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 8, republished: 8 });
    expect(outbox.published().sort()).toEqual(things.map(({ thingId }) => `Made ${String(thingId)} v1`));
  });

  it('is due exactly at its time', async () => {
    const outbox = createOutboxSystem([thing({ outboxAt: SWEPT_AT_MS + 1 })]);
    expect(await outbox.sweep()).toEqual(NOTHING_SWEPT);
    expect(outbox.aws.eventBridge.calls).toEqual([]);
    outbox.time.ms += 1;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, republished: 1 });
  });

  it('is swept together with hundreds of others', async () => {
    const outbox = createOutboxSystem([
      ...Array.from({ length: 250 }, (_, i) => thing({ thingId: `t${i}`, outboxShard: i % 3 })),
    ]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 250, republished: 250 });
    expect(new Set(outbox.published()).size).toBe(250);
  });

  it('backs off: 5 s, 10 s, … 15 min', async () => {
    const outbox = createOutboxSystem([thing()]);
    const pauses: number[] = [];
    for (let attempt = 0; attempt < SWEEPER_OPTIONS.maxAttempts; attempt++) {
      expect(await outbox.sweep()).toMatchObject({ republished: 1 });
      pauses.push((Number(outbox.item().outboxAt) - outbox.time.ms) / 1_000);
      outbox.time.ms = Number(outbox.item().outboxAt);
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
  });

  it('is ignored when the item no longer has it: the index lags', async () => {
    const outbox = createOutboxSystem([thing()]);
    const { send } = outbox.aws.dynamo;
    outbox.aws.dynamo.send = (async (command: { constructor: { name: string } }) => {
      if (command.constructor.name === 'BatchGetCommand') {
        const { outboxShard: _, outboxAt: __, ...done } = thing({ status: 'COMPLETED' });
        outbox.aws.dynamo.seed('things', done);
      }
      return send(command as never);
    }) as never;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1 });
    expect(outbox.aws.eventBridge.calls).toEqual([]);
  });

  it('moves to the end of the lease while a worker holds the item', async () => {
    const leaseUntil = SWEPT_AT_MS + 20_000;
    const outbox = createOutboxSystem([
      thing({ status: 'PROCESSING', version: 2, holder: 'm', claimToken: 'c', leaseUntil }),
    ]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, leased: 1 });
    const end = leaseEndsAt({ leaseUntil }) + 1;
    expect(outbox.item()).toMatchObject({ outboxAt: end, outboxAttempts: 0, holder: 'm' });
    expect(outbox.aws.eventBridge.calls).toEqual([]);

    // Its worker died.
    outbox.time.ms = end;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, republished: 1 });
  });
});

describe('two sweepers', () => {
  it('publish each event once', async () => {
    const outbox = createOutboxSystem([...Array.from({ length: 30 }, (_, i) => thing({ thingId: `t${i}` }))]);
    const reports = await Promise.all([outbox.sweep(), outbox.createAnother().sweep()]);
    expect(reports[0].republished + reports[1].republished).toBe(30);
    expect(outbox.published().sort()).toEqual(Array.from({ length: 30 }, (_, i) => `Made t${i} v1`).sort());
  });

  it('give an item up once', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 12 })]);
    await Promise.all([outbox.sweep(), outbox.createAnother().sweep()]);
    expect(outbox.item()).toMatchObject({ status: 'FAILED', effects: 1 });
    expect(new Set(outbox.published())).toEqual(new Set(['Ended thing-1 v3']));
  });
});

describe('without the bus', () => {
  it('a failed publication does not count as an attempt', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 11 })]);
    outbox.aws.eventBridge.failAlways('*', connectionRefused);
    for (let i = 0; i < 20; i++) {
      await expect(outbox.sweep()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(outbox.item()).toMatchObject({ status: 'PENDING', outboxAttempts: 11 });
      expect(outbox.item().outboxAt).toBeGreaterThan(outbox.time.ms);
      outbox.time.ms = Number(outbox.item().outboxAt);
    }
    outbox.aws.eventBridge.heal();
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, republished: 1 });
    expect(outbox.item()).toMatchObject({ outboxAttempts: 12 });
  });

  it('a refused event does not affect the others of its batch', async () => {
    const outbox = createOutboxSystem([...[1, 2, 3].map((i) => thing({ thingId: `thing-${i}` }))]);
    outbox.aws.eventBridge.rejectEntriesNext('PutEvents', 'InternalFailure');
    await expect(outbox.sweep()).rejects.toMatchObject({ name: 'InternalFailure' });
    const attempts = [1, 2, 3].map((i) => outbox.item(`thing-${i}`).outboxAttempts);
    expect(attempts.sort()).toEqual([0, 1, 1]);
  });
});
