import { describe, expect, it, jest } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { silentLogger } from '@orderflow/testing/silent-logger';
import { createMonotonicClock } from '../runtime/clock.js';
import { ownedTime } from '@orderflow/testing/owned-time';
import { busCheck, ruleCheck, tableCheck } from './checks.js';
import { createReadiness, probeAll, withDenials } from './readiness.js';
import { CheckError } from './reasons.js';

const logger = silentLogger;
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
      { monotonic: ownedTime(() => nowMs), logger },
    );
    expect(await readiness()).toEqual({ ok: true, checks: { good: { status: 'up' }, other: { status: 'up' } } });
    failing.error = Object.assign(new Error('host, request id and so on'), { name: 'SomeError' });
    nowMs += 5_000;
    expect(await readiness()).toEqual({
      ok: false,
      checks: { good: { status: 'up' }, other: { status: 'down', reason: 'SomeError' } },
    });
  });

  it('reuses a report for 5 s', async () => {
    let nowMs = 0;
    const check = jest.fn(async () => undefined);
    const readiness = createReadiness({ check }, { monotonic: ownedTime(() => nowMs), logger });
    await Promise.all([readiness(), readiness()]);
    nowMs += 4_999;
    await readiness();
    expect(check).toHaveBeenCalledTimes(1);
    nowMs += 1;
    await readiness();
    expect(check).toHaveBeenCalledTimes(2);
  });

  it('fails a check that does not end in time', async () => {
    const readiness = createReadiness({ slow: never }, { timeoutMs: 5, monotonic: createMonotonicClock(), logger });
    expect(await readiness()).toEqual({
      ok: false,
      checks: { slow: { status: 'down', reason: 'no answer within 5 ms' } },
    });
  });
});

it('logs the whole error when a check begins to fail, once per reason, and when it passes again', async () => {
  const log = createRecordingLogger();
  let nowMs = 0;
  let error: Error | undefined;
  const check = () => (error ? Promise.reject(error) : Promise.resolve());
  const readiness = createReadiness({ check }, { monotonic: ownedTime(() => nowMs), logger: log.logger });
  const denied = Object.assign(new Error('arn:aws:iam::123456789012:role/orders'), { name: 'AccessDeniedException' });
  const overdue = (count: number) => new CheckError(`${count} markers are overdue`);
  const errors = [undefined, denied, denied, overdue(1), denied, overdue(22), undefined, undefined, denied];
  for (error of errors) {
    await readiness();
    nowMs += 5_000;
  }
  expect(log.lines.map(({ level, message, fields }) => [level, message, fields.check, fields.err])).toEqual([
    ['warn', 'check failed', 'check', denied],
    ['warn', 'check failed', 'check', overdue(1)],
    ['info', 'check passes again', 'check', undefined],
    ['warn', 'check failed', 'check', denied],
  ]);
});

describe('denials of the work', () => {
  const up = { ok: true, checks: { a: { status: 'up' } } } as const;
  const down = { ok: false, checks: { b: { status: 'down', reason: 'one' } } } as const;
  const denials = (...reasons: string[]) => ({ reasons: () => reasons });

  it.each([
    ['none', denials(), undefined],
    ['one', denials('one'), 'one'],
    ['several', denials('one', 'two', 'three'), 'one, and 2 more'],
  ])('make a service not ready: %s', (_, met, reason) => {
    const { ok, checks } = withDenials(up, met);
    expect({ ok, permissions: (checks as Record<string, unknown>).permissions }).toEqual({
      ok: reason === undefined,
      permissions: reason && { status: 'down', reason },
    });
  });

  it('are not repeated if a check has reported them', () => {
    expect(withDenials(down, denials('one'))).toEqual(down);
    expect(withDenials(up, denials('one'), [down])).toEqual(up);
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
    const { checks } = await createReadiness(describing, { monotonic, logger })();
    expect(Object.values(checks).map(({ status }) => status)).toEqual(['down', 'down']);
  });
});
