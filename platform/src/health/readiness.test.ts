import { describe, expect, it, jest } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createMonotonicClock } from '../runtime/clock.js';
import { ownedTime } from '@orderflow/testing/owned-time';
import { busCheck, ruleCheck, tableCheck } from './checks.js';
import { createReadiness, probeAll } from './readiness.js';

const never = () => new Promise<never>(() => undefined);

describe('readiness', () => {
  it('is up when every check is up, and reports what is down and why', async () => {
    const failing = { error: undefined as Error | undefined };
    let nowMs = 0;
    const readiness = createReadiness(
      {
        good: async () => undefined,
        other: async () => {
          if (failing.error) throw failing.error;
        },
      },
      { monotonic: ownedTime(() => nowMs) },
    );
    expect(await readiness()).toEqual({ ok: true, checks: { good: { status: 'up' }, other: { status: 'up' } } });
    failing.error = Object.assign(new Error('first line\nhost, request id and so on'), { name: 'SomeError' });
    nowMs += 5_000;
    expect(await readiness()).toEqual({
      ok: false,
      checks: { good: { status: 'up' }, other: { status: 'down', reason: 'SomeError: first line' } },
    });
  });

  it('reuses a report for 5 s', async () => {
    let nowMs = 0;
    const check = jest.fn(async () => undefined);
    const readiness = createReadiness({ check }, { monotonic: ownedTime(() => nowMs) });
    await Promise.all([readiness(), readiness()]);
    nowMs += 4_999;
    await readiness();
    expect(check).toHaveBeenCalledTimes(1);
    nowMs += 1;
    await readiness();
    expect(check).toHaveBeenCalledTimes(2);
  });

  it('fails a check that does not end in time', async () => {
    const readiness = createReadiness({ slow: never }, { timeoutMs: 5, monotonic: createMonotonicClock() });
    expect(await readiness()).toEqual({
      ok: false,
      checks: { slow: { status: 'down', reason: 'TimeoutError: no answer within 5 ms' } },
    });
  });
});

describe('the probe', () => {
  const monotonic = createMonotonicClock();

  it('fails while a dependency is unavailable or does not answer', async () => {
    await expect(
      probeAll({ a: async () => 1, b: () => Promise.reject(connectionRefused()) }, { monotonic }),
    ).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await expect(probeAll({ a: never }, { timeoutMs: 5, monotonic })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('succeeds if each dependency answers, even with an error', async () => {
    await probeAll({ a: () => Promise.reject(new Error('rule r is disabled')) }, { monotonic });
  });

  it('fails without a permission for the work, but not without one for describing', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const refusing = { send: () => Promise.reject(denied) } as never;
    await expect(probeAll({ table: tableCheck(refusing, { name: 'jobs', key: 'jobId' }) }, { monotonic })).rejects.toBe(
      denied,
    );
    const describing = {
      bus: busCheck(refusing, 'bus'),
      rule: ruleCheck(refusing, { bus: 'bus', rule: 'r', queue: 'work' }),
    };
    await probeAll(describing, { monotonic });
    const { checks } = await createReadiness(describing, { monotonic })();
    expect(Object.values(checks).map(({ status }) => status)).toEqual(['down', 'down']);
  });
});
