import { describe, expect, it } from '@jest/globals';
import { createJobs, LEASE_MS, PASSED_MS } from '@orderflow/testing/claimed-jobs';
import type { StatementExecutor } from '../dynamodb/executor.js';
import { LEASE_SKEW_MS } from './lease.js';

describe('a claimed item', () => {
  it('is refused to another message until the last millisecond of the lease and the clock allowance', async () => {
    const { claim, claimed, time, job } = await createJobs();
    await claimed('m1');
    const before = job();
    time.ms += LEASE_MS + LEASE_SKEW_MS;
    expect(await claim('m2')).toEqual({ kind: 'leased' });
    expect(job()).toEqual(before);
  });

  it('is refused to another message whose clock is behind by no more than the allowance', async () => {
    const { claim, claimed, time } = await createJobs();
    await claimed('m1');
    time.ms -= LEASE_SKEW_MS;
    expect(await claim('m2')).toEqual({ kind: 'leased' });
  });

  it('is taken over after the clock was set back, without waiting for it to catch up', async () => {
    const { claimed, finish, time, job } = await createJobs();
    const late = await claimed('m1');
    time.ms -= LEASE_SKEW_MS + 1;
    const owner = await claimed('m2');
    expect(await finish(late)).toBe(false);
    expect(await finish(owner)).toBe(true);
    expect(job()).toMatchObject({ status: 'COMPLETED', effects: 1, version: 4 });
  });

  it('is not taken over if the holder has claimed again meanwhile: the version never falls', async () => {
    const { claimed, executor, time, claim, job, postpone } = await createJobs();
    const giveBack = async () => postpone(await claimed('m1'), { now: time.ms, entry: { name: 'retried' } });
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

  it('is taken over once the lease has expired, and the former holder cannot finish the item', async () => {
    const { claimed, finish, time, job } = await createJobs();
    const late = await claimed('m1');
    time.ms += PASSED_MS;
    const owner = await claimed('m2');
    expect(job()).toMatchObject({ holder: 'm2', version: 3, leaseUntil: time.ms + LEASE_MS });
    expect(await finish(late)).toBe(false);
    expect(await finish(owner)).toBe(true);
    expect(job()).toMatchObject({ status: 'COMPLETED', effects: 1, version: 4 });
  });

  it('is taken over by exactly one of many messages', async () => {
    const { claim, claimed, time, job } = await createJobs();
    await claimed('dead');
    time.ms += PASSED_MS;
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(`m${index}`)));
    expect(results.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
    expect(job().version).toBe(3);
  });
});
