import { describe, expect, it, jest } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { createQueueUrls } from '../aws/queue-urls.js';
import { createMonotonicClock } from '../runtime/clock.js';
import { ownedTime } from '@orderflow/testing/owned-time';
import { busCheck, createReadiness, probeAll, queueCheck, ruleCheck, tableCheck } from './readiness.js';

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

  it('fails when the work lacks a permission, but not when only describing does', async () => {
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

const RULE = { bus: 'bus', rule: 'r', queue: 'work' };

describe('checks', () => {
  const create = () => {
    const aws = createFakeAws({
      tables: [
        {
          TableName: 'jobs',
          KeySchema: [{ AttributeName: 'jobId', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'jobId', AttributeType: 'S' }],
        },
      ],
      queues: [{ name: 'work' }],
      eventBuses: ['bus'],
      rules: [{ name: 'r', eventBusName: 'bus', detailTypes: ['Made'], queueUrl: queueUrlOf('work') }],
    });
    const urlOf = createQueueUrls(aws.sqs);
    return { aws, urlOf };
  };

  it('succeed when everything exists', async () => {
    const { aws, urlOf } = create();
    await tableCheck(aws.dynamo, { name: 'jobs', key: 'jobId' })();
    await queueCheck(aws.sqs, () => urlOf('work'))();
    await queueCheck(aws.sqs, () => urlOf('work'))();
    await busCheck(aws.eventBridge, 'bus')();
    await ruleCheck(aws.eventBridge, RULE)();
    expect(aws.sqs.callsOf('GetQueueUrl')).toHaveLength(1);
  });

  it('fail for what is missing', async () => {
    const { aws, urlOf } = create();
    const missing = { name: 'ResourceNotFoundException' };
    await expect(tableCheck(aws.dynamo, { name: 'none', key: 'id' })()).rejects.toMatchObject(missing);
    await expect(busCheck(aws.eventBridge, 'none')()).rejects.toMatchObject(missing);
    await expect(ruleCheck(aws.eventBridge, { ...RULE, rule: 'none' })()).rejects.toMatchObject(missing);
    await expect(queueCheck(aws.sqs, () => urlOf('none'))()).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });

  it.each([
    ['a rule that is disabled', { state: 'DISABLED' as const }, 'rule r is disabled'],
    ['a rule without a target', { targets: [] }, 'rule r has no target work'],
    ['a rule with another target', { targets: ['other-work'] }, 'rule r has no target work'],
  ])('fail for %s, which would lose events', async (_what, change, reason) => {
    const { aws } = create();
    aws.eventBridge.changeRule('r', change);
    await expect(ruleCheck(aws.eventBridge, RULE)()).rejects.toThrow(reason);
  });
});
