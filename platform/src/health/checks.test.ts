import { describe, expect, it } from '@jest/globals';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { keyedTable } from '@orderflow/testing/aws/fake-table';
import { createQueueUrls } from '../aws/queues.js';
import { busCheck, queueCheck, readOutbox, ruleCheck, tableCheck } from './checks.js';

const RULE = { bus: 'bus', rule: 'r', queue: 'work' };

describe('checks', () => {
  const create = () => {
    const aws = createFakeAws({
      tables: [keyedTable('jobs', 'jobId')],
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

it('counts the markers that have been due for too long, and says for how long', async () => {
  const index = (dueAt: number[]) =>
    ({
      count: async (until = Infinity) => dueAt.filter((at) => at <= until).length,
      oldestDueAt: async () => Math.min(...dueAt),
    }) as never;
  const read = (...dueAt: number[]) => readOutbox(index(dueAt), 100_000, 15_000);
  expect(await read()).toEqual({ markers: 0, due: 0 });
  expect(await read(200_000)).toEqual({ markers: 1, due: 0 });
  expect(await read(200_000, 85_000)).toEqual({ markers: 2, due: 1, oldestDueMs: 15_000 });
  expect(await read(200_000, 99_000, 84_000)).toMatchObject({
    ...{ markers: 3, due: 2, oldestDueMs: 16_000 },
    problem: '1 marker is overdue, by up to 16 s',
  });
});
