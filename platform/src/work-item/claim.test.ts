import { describe, expect, it } from '@jest/globals';
import { createJobs, INSERTED, LEASE_MS, TABLE } from '@orderflow/testing/claimed-jobs';
import { claimItem } from './claim.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import { insert } from './transitions.js';

describe('insert', () => {
  it('writes the given attributes, and leaves out undefined ones', async () => {
    const { executor, dynamo } = await createJobs();
    const result = await executor.execute(insert(TABLE, { ...INSERTED, jobId: 'j2', traceparent: undefined }));
    expect(result).toEqual({ applied: true });
    expect(dynamo.item('jobs', { jobId: 'j2' })).toEqual({ ...INSERTED, jobId: 'j2' });
  });

  it('is refused when the item exists, and does not change it', async () => {
    const { executor, job } = await createJobs();
    const result = await executor.execute(insert(TABLE, { ...INSERTED, status: 'OTHER' }));
    expect(result).toEqual({ applied: false, item: undefined });
    expect(job()).toEqual(INSERTED);
  });
});

describe('claim', () => {
  it('takes a pending item in one call, without reading', async () => {
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

  it('is renewed for the same message with a new token, even during the lease', async () => {
    const { claimed, finish, job } = await createJobs();
    const first = await claimed('m1');
    const second = await claimed('m1');
    expect(second.version).toBe(3);
    expect(second.claimToken).not.toBe(first.claimToken);
    expect(await finish(first)).toBe(false);
    expect(job()).toMatchObject({ status: 'PROCESSING', version: 3, effects: 0 });
    expect(await finish(second)).toBe(true);
  });

  it('is refused for a finished item, and returns it', async () => {
    const { claim, claimed, finish, job } = await createJobs();
    await finish(await claimed('m1'));
    const done = job();
    expect(await claim('m1')).toEqual({ kind: 'finished', item: done });
    expect(await claim('m2', 'a-replay')).toEqual({ kind: 'finished', item: done });
    expect(job()).toEqual(done);
  });

  it('reports an item that does not exist', async () => {
    const { executor } = await createJobs();
    const store = { executor, table: TABLE, now: Date.now, leaseMs: 1, markerDelayMs: 1 };
    const request = { id: 'nowhere', messageId: 'm1', entry: { name: 's' } };
    expect(await claimItem(store, request)).toEqual({ kind: 'unknown' });
  });

  it('recognises its own claim when the client repeated the call after a lost answer', async () => {
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

  it('succeeds for exactly one of many messages', async () => {
    const { claim, job } = await createJobs();
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(`m${index}`)));
    const kinds = results.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['claimed', ...Array.from({ length: 19 }, () => 'leased')]);
    expect(job().version).toBe(2);
  });

  it('fails if other messages keep claiming the item first', async () => {
    const { executor, claim, job } = await createJobs();
    let version = 10;
    const racing: StatementExecutor = {
      execute: async () => ({ applied: false, item: { ...job(), version: version++ } }),
    };
    await expect(claim('m1', undefined, racing)).rejects.toThrow('changed hands too often');
    expect(version).toBe(15);
    expect((await claim('m1', undefined, executor)).kind).toBe('claimed');
  });

  it('passes on an error of the service', async () => {
    const { dynamo, claim, job } = await createJobs();
    dynamo.rejectEntriesNext('BatchExecuteStatement', 'InternalServerError');
    await expect(claim('m1')).rejects.toMatchObject({ name: 'InternalServerError' });
    expect(job()).toEqual(INSERTED);
  });
});
