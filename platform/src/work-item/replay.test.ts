import { describe, expect, it } from '@jest/globals';
import { createJobs, INSERTED, PASSED_MS, RETRIABLE } from '@orderflow/testing/claimed-jobs';
import type { StatementExecutor } from '../dynamodb/executor.js';

describe('replay', () => {
  it('restarts a failed item: with a marker, without a failure, with no effect counted', async () => {
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

  it('starts one life per replay id', async () => {
    const { failRetriably, claim, job } = await createJobs();
    await failRetriably('m1');
    await failRetriably('m2', 'r1');
    const failed = job();
    expect(await claim('m3', 'r1')).toEqual({ kind: 'finished', item: failed });
    expect((await claim('m4', 'r2')).kind).toBe('claimed');
  });

  it('starts one life when two copies of its message arrive at the same time', async () => {
    const { failRetriably, claim, job } = await createJobs();
    await failRetriably('m1');
    const results = await Promise.all([claim('m2', 'r1'), claim('m3', 'r1'), claim('m4', 'r2')]);
    expect(results.map(({ kind }) => kind).sort()).toEqual(['claimed', 'leased', 'leased']);
    expect(job()).toMatchObject({ version: 4, status: 'PROCESSING' });
  });

  it('continues when its message is redelivered', async () => {
    const { failRetriably, claimed, finish } = await createJobs();
    await failRetriably('m1');
    await claimed('m2', 'r1');
    expect(await finish(await claimed('m2', 'r1'))).toBe(true);
  });

  it('is refused for an item that failed for good', async () => {
    const { claimed, claim, finish, job } = await createJobs();
    await finish(await claimed('m1'), 'failed', { failure: { ...RETRIABLE, retriable: false } });
    expect(await claim('m2', 'r1')).toEqual({ kind: 'finished', item: job() });
  });

  it('never starts the first life again, which has no id', async () => {
    const { failRetriably, claim } = await createJobs();
    await failRetriably('m1');
    await failRetriably('m2', 'r1');
    expect((await claim('m3', '')).kind).toBe('finished');
  });

  it('needs a replay id: a copy of the old message starts nothing', async () => {
    const { failRetriably, claim } = await createJobs();
    await failRetriably('m1');
    expect((await claim('m1')).kind).toBe('finished');
  });
});

describe('the life that a claim belongs to', () => {
  const FIRST = { life: '', isGivenUp: false };

  it('is the same in all attempts of all messages, until a replay starts another', async () => {
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

  it('is returned when the answer to a claim or a replay was lost', async () => {
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

  it("has the id of the operator's restart", async () => {
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

  it('stays given up for the claims that follow, even in a race', async () => {
    for (let run = 0; run < 20; run++) {
      const { claim, executor, time, job } = await createJobs();
      await claim('m1');
      time.ms += PASSED_MS;
      const [late, ending] = await Promise.all([claim('m2'), claim('m1', undefined, executor, true)]);
      // The message that holds the item was the later one, so it must know.
      const owners = [late, ending].filter(
        (result) => result.kind === 'claimed' && result.ownership.claimToken === job().claimToken,
      );
      expect(owners).toMatchObject([{ isGivenUp: job().givenUpLife === '' }]);
    }
  });
});
