import { describe, expect, it } from '@jest/globals';
import { createJobs, INSERTED, LEASE_MS, PASSED_MS, RETRIABLE, TABLE } from '@orderflow/testing/claimed-jobs';
import { finishItem } from './claim.js';
import { confirm, moveMarker, notePublication } from './transitions.js';
import type { WorkItemTable } from './work-item.js';

const CONFIRMED: WorkItemTable = { ...TABLE, confirmedBy: ['a-consumer'] };
/** The confirmation of the only consumer. */
const LAST = { seen: undefined, left: [], now: 0 };

describe('postpone', () => {
  const stored = { at: 'then', delaySeconds: 2 };
  const reason = { now: 5_000, entry: { name: 'retried', ...stored } };

  it('keeps the item for its message, and a late result of the attempt cannot finish it', async () => {
    const { claimed, claim, finish, job, postpone } = await createJobs();
    const ownership = await claimed('m1');
    await postpone(ownership, reason);
    expect(job()).toMatchObject({
      status: 'PROCESSING',
      version: 3,
      holder: 'm1',
      timeline: { retried_3: { ...stored, version: 3 } },
    });
    expect(job()).toMatchObject({ updatedAt: new Date(5_000).toISOString() });
    expect(await finish(ownership)).toBe(false);
    expect((await claim('m2')).kind).toBe('leased');
    expect(await finish(await claimed('m1'))).toBe(true);
    expect(job()).toMatchObject({ status: 'COMPLETED', version: 5, effects: 1 });
  });

  it('does not change an item that was claimed again', async () => {
    const { claimed, job, postpone } = await createJobs();
    const ownership = await claimed('m1');
    await claimed('m1');
    const taken = job();
    await postpone(ownership, reason);
    expect(job()).toEqual(taken);
  });

  it('does not stop another message from taking over once the lease has expired', async () => {
    const { claimed, claim, postpone, time } = await createJobs();
    await postpone(await claimed('m1'), reason);
    time.ms += PASSED_MS;
    expect((await claim('m2')).kind).toBe('claimed');
  });
});

describe('finish', () => {
  it('writes the outcome, counts it once and removes the marker', async () => {
    const { claimed, finish, job, time } = await createJobs();
    const ownership = await claimed('m1');
    time.ms += 5;
    expect(await finish(ownership, 'completed', { sentAt: 'now' })).toBe(true);
    const { outboxShard, outboxAt, ...rest } = INSERTED;
    expect([outboxShard, outboxAt]).toEqual([3, 5_000]);
    expect(job()).toEqual({
      ...rest,
      status: 'COMPLETED',
      version: 3,
      effects: 1,
      holder: 'm1',
      claimToken: ownership.claimToken,
      leaseUntil: time.ms - 5 + LEASE_MS,
      updatedAt: new Date(time.ms).toISOString(),
      sentAt: 'now',
      timeline: { received_2: { messageId: 'm1', version: 2 }, completed_3: { at: 'then', version: 3 } },
    });
  });

  it('keeps the marker of an outcome until it is confirmed', async () => {
    const { claimed, executor, job, time } = await createJobs();
    const outcome = { result: 'completed', now: time.ms, attributes: {}, entries: [] } as const;
    await finishItem({ executor, table: CONFIRMED }, await claimed('m1'), { ...outcome, outboxAt: 7_000 });
    expect(job()).toMatchObject({
      status: 'COMPLETED',
      version: 3,
      outboxShard: 3,
      outboxAt: 7_000,
      outboxAttempts: 0,
    });
    expect(await executor.execute(confirm(CONFIRMED, 'j1', { ...LAST, version: 2 }))).toMatchObject({ applied: false });
    expect(job()).toHaveProperty('outboxAt');
    expect(await executor.execute(confirm(CONFIRMED, 'j1', { ...LAST, version: 3 }))).toEqual({ applied: true });
    expect(job()).toMatchObject({ status: 'COMPLETED', version: 3 });
    expect(job()).not.toHaveProperty('outboxAt');
    expect(job()).not.toHaveProperty('outboxShard');
  });

  it('cannot be confirmed while the item is processing', async () => {
    const { claimed, executor, job } = await createJobs();
    const { version } = await claimed('m1');
    expect(await executor.execute(confirm(CONFIRMED, 'j1', { ...LAST, version }))).toMatchObject({ applied: false });
    expect(job()).toHaveProperty('outboxAt');
  });

  it('recognises its own outcome when it is written twice, and counts it once', async () => {
    const { claimed, finish, job } = await createJobs();
    const ownership = await claimed('m1');
    expect(await finish(ownership)).toBe(true);
    const done = job();
    expect(await finish(ownership)).toBe(true);
    expect(job()).toEqual(done);
  });

  it('does not mistake another outcome under its token for its own', async () => {
    const { claimed, finish } = await createJobs();
    const ownership = await claimed('m1');
    await finish(ownership, 'failed', { failure: RETRIABLE });
    expect(await finish(ownership, 'completed')).toBe(false);
  });

  it('does nothing when the item no longer exists', async () => {
    const { finish } = await createJobs();
    expect(await finish({ id: 'gone', claimToken: 't', version: 2 })).toBe(false);
  });
});

describe('moving the marker', () => {
  it('succeeds for one of several sweepers, and changes no state', async () => {
    const { executor, job } = await createJobs();
    const move = () => executor.execute(moveMarker(TABLE, 'j1', 5_000, 9_000));
    const results = await Promise.all([move(), move(), move()]);
    expect(results.filter(({ applied }) => applied)).toHaveLength(1);
    expect(job()).toEqual({ ...INSERTED, outboxAt: 9_000 });
  });

  it('lets a sweeper note a publication only while the marker is where that sweeper moved it', async () => {
    const { executor, job } = await createJobs();
    const note = (outboxAt: number) =>
      executor.execute(notePublication(TABLE, 'j1', outboxAt, { sentAt: 6_000, attempts: 1 }));
    expect(await note(4_000)).toMatchObject({ applied: false });
    expect(await note(5_000)).toEqual({ applied: true });
    expect(job()).toEqual({ ...INSERTED, outboxAttempts: 1, outboxSentAt: 6_000 });
  });
});

it('every change raises the version', async () => {
  const { claimed, failRetriably, finish, job, time } = await createJobs();
  const versions: unknown[] = [];
  const note = () => versions.push(job().version);
  note();
  await claimed('m1');
  note();
  await claimed('m1');
  note();
  time.ms += PASSED_MS;
  await failRetriably('m2');
  note();
  await finish(await claimed('m3', 'r1'));
  note();
  expect(versions).toEqual([1, 2, 3, 5, 7]);
});
