import { describe, expect, it } from '@jest/globals';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { THINGS } from '@orderflow/testing/work-item-table';
import { claimItem, finishItem, postponeItem, type ClaimResult, type Ownership } from './claim.js';
import { createStatementExecutor, type StatementExecutor } from '../dynamodb/executor.js';
import { LEASE_SKEW_MS } from './lease.js';
import { confirm, insert, moveMarker, notePublication } from './transitions.js';
import type { WorkItemTable } from './work-item.js';

const LEASE_MS = 30_000;
/** By the clock of the message that takes over. */
const PASSED_MS = LEASE_MS + LEASE_SKEW_MS + 1;
const TABLE: WorkItemTable = { ...THINGS, name: 'jobs', key: 'jobId', confirmedBy: [] };
const CONFIRMED: WorkItemTable = { ...TABLE, confirmedBy: ['a-consumer'] };
/** The confirmation of the only consumer. */
const LAST = { seen: undefined, left: [] };
const INSERTED = {
  jobId: 'j1',
  status: 'PENDING',
  version: 1,
  effects: 0,
  holder: '',
  claimToken: '',
  leaseUntil: 0,
  lastReplayId: '',
  timeline: {},
  outboxShard: 3,
  outboxAt: 5_000,
  outboxAttempts: 0,
};
const RETRIABLE = { code: 'LATER', message: 'later', retriable: true };

async function createJobs() {
  const { dynamo } = createFakeAws({
    tables: [
      {
        TableName: 'jobs',
        KeySchema: [{ AttributeName: 'jobId', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'jobId', AttributeType: 'S' }],
      },
    ],
  });
  const time = { ms: 1_000_000 };
  const executor = createStatementExecutor(dynamo);
  await executor.execute(insert(TABLE, INSERTED));

  const claim = (messageId: string, replayId?: string, by: StatementExecutor = executor, givesUp = false) =>
    claimItem(
      { executor: by, table: TABLE, now: () => time.ms, leaseMs: LEASE_MS, markerDelayMs: 7_000 },
      { id: 'j1', messageId, replayId, givesUp, entry: { name: 'received', messageId } },
    );
  const owned = (result: ClaimResult): Ownership => {
    if (result.kind !== 'claimed') throw new Error(`expected a claim, not ${result.kind}`);
    return result.ownership;
  };
  const finish = (
    ownership: Ownership,
    result: 'completed' | 'failed' = 'completed',
    attributes: Record<string, unknown> = {},
  ) =>
    finishItem({ executor, table: TABLE }, ownership, {
      result,
      now: time.ms,
      attributes,
      outboxAt: time.ms,
      entries: [{ name: result, at: 'then' }],
    });
  return {
    dynamo,
    executor,
    time,
    claim,
    owned,
    claimed: async (messageId: string, replayId?: string) => owned(await claim(messageId, replayId)),
    finish,
    failRetriably: async (messageId: string, replayId?: string) =>
      finish(owned(await claim(messageId, replayId)), 'failed', { failure: RETRIABLE }),
    job: () => dynamo.item('jobs', { jobId: 'j1' })!,
  };
}

describe('insert', () => {
  it('writes what it is given, and leaves out what is undefined', async () => {
    const { executor, dynamo } = await createJobs();
    const result = await executor.execute(insert(TABLE, { ...INSERTED, jobId: 'j2', traceparent: undefined }));
    expect(result).toEqual({ applied: true });
    expect(dynamo.item('jobs', { jobId: 'j2' })).toEqual({ ...INSERTED, jobId: 'j2' });
  });

  it('is refused when the item exists, which stays as it is', async () => {
    const { executor, job } = await createJobs();
    const result = await executor.execute(insert(TABLE, { ...INSERTED, status: 'OTHER' }));
    expect(result).toEqual({ applied: false, item: undefined });
    expect(job()).toEqual(INSERTED);
  });
});

describe('claim', () => {
  it('takes a waiting item in one call, without reading', async () => {
    const { claim, owned, job, dynamo, time } = await createJobs();
    const before = dynamo.calls.length;
    const ownership = owned(await claim('m1'));
    expect(dynamo.calls.length - before).toBe(1);
    expect(ownership).toEqual({ id: 'j1', claimToken: expect.any(String) as unknown, version: 2 });
    expect(job()).toEqual({
      ...INSERTED,
      status: 'PROCESSING',
      version: 2,
      holder: 'm1',
      claimToken: ownership.claimToken,
      leaseUntil: time.ms + LEASE_MS,
      updatedAt: new Date(time.ms).toISOString(),
      timeline: { received_2: { messageId: 'm1', version: 2 } },
    });
  });

  it('is given to the same message again, lease or not, under a new token', async () => {
    const { claimed, finish, job } = await createJobs();
    const first = await claimed('m1');
    const second = await claimed('m1');
    expect(second.version).toBe(3);
    expect(second.claimToken).not.toBe(first.claimToken);
    expect(await finish(first)).toBe(false);
    expect(job()).toMatchObject({ status: 'PROCESSING', version: 3, effects: 0 });
    expect(await finish(second)).toBe(true);
  });

  it('is held while the lease of another message lasts, to its last millisecond by a clock that is ahead', async () => {
    const { claim, claimed, time, job } = await createJobs();
    await claimed('m1');
    const before = job();
    time.ms += LEASE_MS + LEASE_SKEW_MS;
    expect(await claim('m2')).toEqual({ kind: 'leased' });
    expect(job()).toEqual(before);
  });

  it('is held while the clock of the other message is ahead by no more than the allowance', async () => {
    const { claim, claimed, time } = await createJobs();
    await claimed('m1');
    time.ms -= LEASE_SKEW_MS;
    expect(await claim('m2')).toEqual({ kind: 'leased' });
  });

  it('is taken over after the clock was set back, without a wait for the clock to catch up', async () => {
    const { claimed, finish, time, job } = await createJobs();
    const late = await claimed('m1');
    time.ms -= LEASE_SKEW_MS + 1;
    const owner = await claimed('m2');
    expect(await finish(late)).toBe(false);
    expect(await finish(owner)).toBe(true);
    expect(job()).toMatchObject({ status: 'COMPLETED', effects: 1, version: 4 });
  });

  it('is not taken over by what was seen before the holder came again: the version never falls', async () => {
    const { claimed, executor, time, claim, job } = await createJobs();
    const giveBack = async () =>
      postponeItem({ executor, table: TABLE }, await claimed('m1'), { now: time.ms, entry: { name: 'retried' } });
    await giveBack();
    time.ms += PASSED_MS;
    let raced = false;
    const racing: StatementExecutor = {
      execute: async (statement) => {
        if (!raced && statement.parameters.includes('m2') && !statement.text.includes('"holder" IN')) {
          raced = true;
          await giveBack();
        }
        return executor.execute(statement);
      },
    };
    expect(await claim('m2', undefined, racing)).toEqual({ kind: 'leased' });
    expect(raced).toBe(true);
    expect(job()).toMatchObject({ holder: 'm1', version: 5, timeline: { retried_3: {}, retried_5: {} } });
  });

  it('is taken over once the lease has passed, and the former owner finishes nothing', async () => {
    const { claimed, finish, time, job } = await createJobs();
    const late = await claimed('m1');
    time.ms += PASSED_MS;
    const owner = await claimed('m2');
    expect(job()).toMatchObject({ holder: 'm2', version: 3, leaseUntil: time.ms + LEASE_MS });
    expect(await finish(late)).toBe(false);
    expect(await finish(owner)).toBe(true);
    expect(job()).toMatchObject({ status: 'COMPLETED', effects: 1, version: 4 });
  });

  it('is of no use on a finished item, which it returns', async () => {
    const { claim, claimed, finish, job } = await createJobs();
    await finish(await claimed('m1'));
    const done = job();
    expect(await claim('m1')).toEqual({ kind: 'finished', item: done });
    expect(await claim('m2', 'a-replay')).toEqual({ kind: 'finished', item: done });
    expect(job()).toEqual(done);
  });

  it('knows an item that does not exist', async () => {
    const { executor } = await createJobs();
    const store = { executor, table: TABLE, now: Date.now, leaseMs: 1, markerDelayMs: 1 };
    const request = { id: 'nowhere', messageId: 'm1', entry: { name: 's' } };
    expect(await claimItem(store, request)).toEqual({ kind: 'unknown' });
  });

  it('recognises its own claim when the answer was lost inside the client and the call repeated', async () => {
    const { executor, claim, owned, job } = await createJobs();
    const twice: StatementExecutor = {
      execute: async (statement) => {
        await executor.execute(statement);
        return executor.execute(statement);
      },
    };
    const ownership = owned(await claim('m1', undefined, twice));
    expect(ownership).toMatchObject({ version: 2, claimToken: job().claimToken });
  });

  it('lets exactly one of many messages win', async () => {
    const { claim, job } = await createJobs();
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(`m${index}`)));
    const kinds = results.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['claimed', ...Array.from({ length: 19 }, () => 'leased')]);
    expect(job().version).toBe(2);
  });

  it('lets exactly one of many messages take over', async () => {
    const { claim, claimed, time, job } = await createJobs();
    await claimed('dead');
    time.ms += PASSED_MS;
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(`m${index}`)));
    expect(results.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
    expect(job().version).toBe(3);
  });

  it('gives up an item that changes hands faster than it can be claimed', async () => {
    const { executor, claim, job } = await createJobs();
    let version = 10;
    const racing: StatementExecutor = {
      execute: async () => ({ applied: false, item: { ...job(), version: version++ } }),
    };
    await expect(claim('m1', undefined, racing)).rejects.toThrow('changed hands too often');
    expect(version).toBe(15);
    expect((await claim('m1', undefined, executor)).kind).toBe('claimed');
  });

  it('passes on what the service says', async () => {
    const { dynamo, claim, job } = await createJobs();
    dynamo.rejectEntriesNext('BatchExecuteStatement', 'InternalServerError');
    await expect(claim('m1')).rejects.toMatchObject({ name: 'InternalServerError' });
    expect(job()).toEqual(INSERTED);
  });
});

describe('postpone', () => {
  const stored = { at: 'then', delaySeconds: 2 };
  const reason = { now: 5_000, entry: { name: 'retried', ...stored } };

  it('leaves the item to its message, and nothing late of the attempt can finish it', async () => {
    const { claimed, claim, executor, finish, job } = await createJobs();
    const ownership = await claimed('m1');
    await postponeItem({ executor, table: TABLE }, ownership, reason);
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

  it('leaves the item to the message that has taken over', async () => {
    const { claimed, executor, job } = await createJobs();
    const ownership = await claimed('m1');
    await claimed('m1');
    const taken = job();
    await postponeItem({ executor, table: TABLE }, ownership, reason);
    expect(job()).toEqual(taken);
  });

  it('does not keep another message from taking over once the lease has passed', async () => {
    const { claimed, claim, executor, time } = await createJobs();
    await postponeItem({ executor, table: TABLE }, await claimed('m1'), reason);
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

  it('does not take another outcome under its token for this one', async () => {
    const { claimed, finish } = await createJobs();
    const ownership = await claimed('m1');
    await finish(ownership, 'failed', { failure: RETRIABLE });
    expect(await finish(ownership, 'completed')).toBe(false);
  });

  it('does nothing to an item that is gone', async () => {
    const { finish } = await createJobs();
    expect(await finish({ id: 'gone', claimToken: 't', version: 2 })).toBe(false);
  });
});

describe('replay', () => {
  it('starts a failed item anew: a marker, no failure, no effect counted yet', async () => {
    const { failRetriably, claimed, finish, job, time } = await createJobs();
    await failRetriably('m1');
    expect(job()).toMatchObject({ status: 'FAILED', failure: RETRIABLE, effects: 1, version: 3 });
    expect(job()).not.toHaveProperty('outboxAt');
    time.ms += 60_000;

    const ownership = await claimed('m2', 'r1');
    expect(job()).toMatchObject({
      status: 'PROCESSING',
      version: 4,
      effects: 0,
      holder: 'm2',
      lastReplayId: 'r1',
      outboxShard: 3,
      outboxAt: time.ms + 7_000,
      outboxAttempts: 0,
      timeline: { replayed_4: { at: new Date(time.ms).toISOString(), messageId: 'm2', version: 4 } },
    });
    expect(job()).not.toHaveProperty('failure');
    expect(await finish(ownership)).toBe(true);
    expect(job()).toMatchObject({ status: 'COMPLETED', effects: 1, version: 5 });
    expect(job()).not.toHaveProperty('outboxAt');
  });

  it('happens once per replay id', async () => {
    const { failRetriably, claim, job } = await createJobs();
    await failRetriably('m1');
    await failRetriably('m2', 'r1');
    const failed = job();
    expect(await claim('m3', 'r1')).toEqual({ kind: 'finished', item: failed });
    expect((await claim('m4', 'r2')).kind).toBe('claimed');
  });

  it('happens once when its message is there twice at the same time', async () => {
    const { failRetriably, claim, job } = await createJobs();
    await failRetriably('m1');
    const results = await Promise.all([claim('m2', 'r1'), claim('m3', 'r1'), claim('m4', 'r2')]);
    expect(results.map(({ kind }) => kind).sort()).toEqual(['claimed', 'leased', 'leased']);
    expect(job()).toMatchObject({ version: 4, status: 'PROCESSING' });
  });

  it('goes on when the message of the replay comes back', async () => {
    const { failRetriably, claimed, finish } = await createJobs();
    await failRetriably('m1');
    await claimed('m2', 'r1');
    expect(await finish(await claimed('m2', 'r1'))).toBe(true);
  });

  it('is refused to an item that failed for good', async () => {
    const { claimed, claim, finish, job } = await createJobs();
    await finish(await claimed('m1'), 'failed', { failure: { ...RETRIABLE, retriable: false } });
    expect(await claim('m2', 'r1')).toEqual({ kind: 'finished', item: job() });
  });

  it('never begins the first life again, which has no id', async () => {
    const { failRetriably, claim } = await createJobs();
    await failRetriably('m1');
    await failRetriably('m2', 'r1');
    expect((await claim('m3', '')).kind).toBe('finished');
  });

  it('needs a replay id: a copy of the old message does not start anything', async () => {
    const { failRetriably, claim } = await createJobs();
    await failRetriably('m1');
    expect((await claim('m1')).kind).toBe('finished');
  });
});

describe('the life that a claim belongs to', () => {
  const FIRST = { life: '', isGivenUp: false };

  it('is the same in all attempts, by whichever message, until a replay begins another', async () => {
    const { claim, owned, finish, failRetriably, time } = await createJobs();
    expect(await claim('m1')).toMatchObject(FIRST);
    expect(await claim('m1')).toMatchObject(FIRST);
    time.ms += PASSED_MS;
    expect(await claim('m2')).toMatchObject(FIRST);
    await failRetriably('m2');
    expect(await claim('m3', 'r1')).toMatchObject({ life: 'r1', isGivenUp: false });
    expect(await claim('m3', 'r1')).toMatchObject({ life: 'r1' });
    time.ms += PASSED_MS;
    const taken = await claim('m4');
    expect(taken).toMatchObject({ life: 'r1' });
    await finish(owned(taken), 'failed', { failure: RETRIABLE });
    expect(await claim('m5', 'r2')).toMatchObject({ life: 'r2' });
  });

  it('is told when the answer of the claim was lost, of a replay as well', async () => {
    const { claim, executor, failRetriably } = await createJobs();
    const twice: StatementExecutor = {
      execute: async (statement) => {
        await executor.execute(statement);
        return executor.execute(statement);
      },
    };
    expect(await claim('m1', undefined, twice)).toMatchObject(FIRST);
    await failRetriably('m1');
    expect(await claim('m2', 'r1', twice)).toMatchObject({ life: 'r1', isGivenUp: false });
  });

  it('is the one that an operator began, of an item that waits again', async () => {
    const { claim, dynamo } = await createJobs();
    dynamo.seed('jobs', { ...INSERTED, version: 7, lastReplayId: 'restart-1' });
    expect(await claim('m1')).toMatchObject({ life: 'restart-1', isGivenUp: false });
  });

  it('stays given up for every later claim, until a replay starts a new life', async () => {
    const { claim, owned, executor, finish, time, job } = await createJobs();
    expect(await claim('m1', undefined, executor, true)).toMatchObject({ life: '', isGivenUp: true });
    expect(job()).toMatchObject({ givenUpLife: '' });
    expect(await claim('m1')).toMatchObject({ isGivenUp: true });
    time.ms += PASSED_MS;
    const taken = await claim('m2');
    expect(taken).toMatchObject({ isGivenUp: true });
    await finish(owned(taken), 'failed', { failure: RETRIABLE });
    expect(await claim('m3', 'r1')).toMatchObject({ life: 'r1', isGivenUp: false });
    expect(await claim('m3', 'r1', executor, true)).toMatchObject({ life: 'r1', isGivenUp: true });
    expect(job()).toMatchObject({ givenUpLife: 'r1' });
    expect(await claim('m3')).toMatchObject({ isGivenUp: true });
  });

  it('that one message gives up as another begins its work is given up for exactly those who come after', async () => {
    for (let run = 0; run < 20; run++) {
      const { claim, executor, time, job } = await createJobs();
      await claim('m1');
      time.ms += PASSED_MS;
      const [late, ending] = await Promise.all([claim('m2'), claim('m1', undefined, executor, true)]);
      // The one that owns the item in the end is the later one: it knows.
      const owners = [late, ending].filter(
        (result) => result.kind === 'claimed' && result.ownership.claimToken === job().claimToken,
      );
      expect(owners).toMatchObject([{ isGivenUp: job().givenUpLife === '' }]);
    }
  });
});

describe('moving the marker', () => {
  it('is done by one of several sweepers and changes no state', async () => {
    const { executor, job } = await createJobs();
    const move = () => executor.execute(moveMarker(TABLE, 'j1', 5_000, 9_000));
    const results = await Promise.all([move(), move(), move()]);
    expect(results.filter(({ applied }) => applied)).toHaveLength(1);
    expect(job()).toEqual({ ...INSERTED, outboxAt: 9_000 });
  });

  it('is followed by a note of the publication, which is refused when the marker has moved on or gone', async () => {
    const { executor, job } = await createJobs();
    const note = (outboxAt: number) =>
      executor.execute(notePublication(TABLE, 'j1', outboxAt, { sentAt: 6_000, attempts: 1 }));
    expect(await note(4_000)).toMatchObject({ applied: false });
    expect(await note(5_000)).toEqual({ applied: true });
    expect(job()).toEqual({ ...INSERTED, outboxAttempts: 1, outboxSentAt: 6_000 });
  });
});

it('raises the version with every change, whatever the order of events', async () => {
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
