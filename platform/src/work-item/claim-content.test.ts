import { describe, expect, it } from '@jest/globals';
import { createJobs, INSERTED, LEASE_MS, PASSED_MS, RETRIABLE } from '@orderflow/testing/claimed-jobs';
import type { StatementExecutor } from '../dynamodb/executor.js';

const TRUE = { contentHash: 'accepted' };
const FORGED = { contentHash: 'forged' };
const MISMATCH = { kind: 'mismatch' };

const accepted = () => createJobs(TRUE);

describe('a claim by a message whose event says what was accepted', () => {
  it('takes a pending item in one call, without reading', async () => {
    const { claimWith, dynamo, job } = await accepted();
    const before = dynamo.calls.length;
    expect(await claimWith('m1', TRUE)).toMatchObject({ kind: 'claimed', ownership: { version: 2 } });
    expect(dynamo.calls.length - before).toBe(1);
    expect(job()).toMatchObject({ status: 'PROCESSING', contentHash: 'accepted' });
  });

  it('continues, takes over and replays', async () => {
    const { claimWith, owned, finish, time, job } = await accepted();
    await claimWith('m1', TRUE);
    expect(await claimWith('m1', TRUE)).toMatchObject({ kind: 'claimed' });
    expect(await claimWith('m2', TRUE)).toEqual({ kind: 'leased' });
    time.ms += PASSED_MS;
    await finish(owned(await claimWith('m2', TRUE)), 'failed', { failure: RETRIABLE });
    expect(await claimWith('m3', { ...TRUE, replayId: 'r1' })).toMatchObject({ kind: 'claimed', life: 'r1' });
    expect(job()).toMatchObject({ version: 6, lastReplayId: 'r1', contentHash: 'accepted' });
  });

  it('recognises its own claim after a lost answer', async () => {
    const { executor, claimWith, owned, job } = await accepted();
    const twice: StatementExecutor = {
      execute: async (statement) => {
        await executor.execute(statement);
        return executor.execute(statement);
      },
    };
    expect(owned(await claimWith('m1', { ...TRUE, by: twice })).claimToken).toBe(job().claimToken);
  });
});

describe('a claim by a message whose event says something else', () => {
  /** The states that a forged message may meet, each with what leads to it. */
  const STATES: [state: string, arrange: (jobs: Awaited<ReturnType<typeof accepted>>) => Promise<unknown>][] = [
    ['pending', async () => undefined],
    ['leased', ({ claimWith }) => claimWith('m1', TRUE)],
    ['held by this message', ({ claimWith }) => claimWith('forger', TRUE)],
    [
      'left by its holder',
      async ({ claimWith, time }) => {
        await claimWith('m1', TRUE);
        time.ms += PASSED_MS;
      },
    ],
    ['completed', async ({ claimed, finish }) => finish(await claimed('m1'))],
    ['failed, and may be replayed', ({ failRetriably }) => failRetriably('m1')],
  ];

  it.each(STATES)('leaves an item that is %s as it is', async (_state, arrange) => {
    const jobs = await accepted();
    await arrange(jobs);
    const before = jobs.job();
    for (const options of [{}, { replayId: 'r1' }, { givesUp: true }]) {
      expect(await jobs.claimWith('forger', { ...FORGED, ...options })).toEqual(MISMATCH);
    }
    expect(jobs.job()).toEqual(before);
  });

  it('is refused by the condition itself, whatever a refused statement shows', async () => {
    const { executor, claimWith, dynamo, job } = await accepted();
    // A refused claim that hides the hash: what the item shows must not decide.
    const blind: StatementExecutor = {
      execute: async (statement) => {
        const result = await executor.execute(statement);
        if (result.applied || !result.item) return result;
        return { applied: false, item: { ...result.item, contentHash: FORGED.contentHash } };
      },
    };
    await expect(claimWith('forger', { ...FORGED, by: blind })).rejects.toThrow('changed hands too often');
    expect(dynamo.calls.length).toBeGreaterThan(1);
    expect(job()).toEqual({ ...INSERTED, ...TRUE });
  });
});

describe('an item without a content hash, which an older version wrote', () => {
  it('is claimed by its event with the second statement, whose condition says so', async () => {
    const { claimWith, dynamo, job } = await createJobs();
    const before = dynamo.calls.length;
    expect(await claimWith('m1', TRUE)).toMatchObject({ kind: 'claimed', ownership: { version: 2 } });
    expect(dynamo.calls.length - before).toBe(2);
    expect(job()).toMatchObject({ status: 'PROCESSING', leaseUntil: expect.any(Number) as unknown });
    expect(job()).not.toHaveProperty('contentHash');
  });

  it('is leased, taken over and replayed like any other', async () => {
    const { claimWith, owned, finish, time } = await createJobs();
    await claimWith('m1', TRUE);
    expect(await claimWith('m2', TRUE)).toEqual({ kind: 'leased' });
    time.ms += LEASE_MS * 2;
    await finish(owned(await claimWith('m2', TRUE)), 'failed', { failure: RETRIABLE });
    expect(await claimWith('m3', { ...TRUE, replayId: 'r1' })).toMatchObject({ kind: 'claimed', life: 'r1' });
  });
});

describe('a claim without a content hash', () => {
  it('compares nothing: the sweeper and derived items have no event to compare', async () => {
    const { claimWith } = await accepted();
    expect(await claimWith('sweeper:j1')).toMatchObject({ kind: 'claimed' });
  });
});
