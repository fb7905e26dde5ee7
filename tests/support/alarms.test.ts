/** infrastructure/alarms.yaml watches everything in the topology, under its real names. */
import { describe, expect, it } from '@jest/globals';
import { QUEUES, queuesOf, rulesOf, WORK_QUEUES, workQueueNames } from '@orderflow/contracts';
import { indexes, misspellings, names, tables } from './cloudwatch-names.js';
import { metricsOfAlarm, mistakesIn, readStack, type Alarm } from './cloudwatch.js';
import { brokenLinks, read } from './markdown.js';
import { alertQueries } from './observability.js';

const stack = readStack('alarms');
const alarms = stack.ofType<Alarm>('AWS::CloudWatch::Alarm');
const listed = Object.entries(alarms);

/** The alarms on a metric with these dimensions. */
const alarmsOn = (metricName: string, dimensions: Record<string, string>): Alarm[] =>
  listed.flatMap(([id, alarm]) =>
    metricsOfAlarm(id, alarm).some(
      (metric) =>
        metric.name === metricName &&
        Object.entries({ ...dimensions, ...metric.dimensions }).every(
          ([dimension, value]) => dimensions[dimension] === value && metric.dimensions[dimension] === value,
        ),
    )
      ? [alarm]
      : [],
  );

describe.each(listed)('the alarm %s', (id, alarm) => {
  it('names only metrics and resources that exist', () => {
    expect(metricsOfAlarm(id, alarm).flatMap(misspellings)).toEqual([]);
  });

  it('uses every metric that it reads', () => {
    expect(alarm.Metrics ? mistakesIn(alarm.Metrics) : []).toEqual([]);
  });

  it('names a section of the runbook that exists', () => {
    const [, path = ''] = / (docs\/operations\.md#[\w-]+)$/.exec(alarm.AlarmDescription) ?? [];
    expect(brokenLinks(`[runbook](${path || 'none'})`, 'README.md')).toEqual([]);
  });

  it('says what missing data means, and reports both ends', () => {
    expect(['breaching', 'notBreaching']).toContain(alarm.TreatMissingData);
    expect(alarm.TreatMissingData === 'breaching').toBe(alarm.ComparisonOperator === 'LessThanThreshold');
    expect(alarm.AlarmActions).toEqual(['Topic']);
    expect(alarm.OKActions).toEqual(['Topic']);
  });
});

it('the runbook lists all alarms', () => {
  const [, section = ''] = /^## Alarms on AWS$([^]*?)^## /m.exec(read('docs/operations.md')) ?? [];
  const rows = [...section.matchAll(/^\| `([a-z-]+)` /gm)].map((match) => match[1]);
  expect(rows).toEqual(listed.map(([, { AlarmName }]) => AlarmName.replace('shop-orderflow-', '')));
});

describe('the alarms cover', () => {
  it.each(queuesOf(names))('the queue $name', ({ name, role }) => {
    const metricName = role === 'work' ? 'ApproximateAgeOfOldestMessage' : 'ApproximateNumberOfMessagesVisible';
    expect(alarmsOn(metricName, { QueueName: name })).toHaveLength(1);
  });

  it.each(WORK_QUEUES)('the worker of the queue %s, and its polls', (queue) => {
    const { worker } = QUEUES[queue];
    const running = alarmsOn('RunningTaskCount', { ClusterName: 'shop-orderflow', ServiceName: worker });
    expect(running).toMatchObject([{ Threshold: 1, ComparisonOperator: 'LessThanThreshold' }]);
    const { name } = workQueueNames(names, queue);
    expect(alarmsOn('NumberOfEmptyReceives', { QueueName: name })).toHaveLength(1);
  });

  it.each(tables)('throttles of %s and its indexes, and errors of DynamoDB', (table) => {
    for (const metricName of ['ReadThrottleEvents', 'WriteThrottleEvents']) {
      expect(alarmsOn(metricName, { TableName: table })).toHaveLength(1);
      for (const index of indexes[table] ?? []) {
        const dimensions = { TableName: table, GlobalSecondaryIndexName: index };
        expect({ index, alarms: alarmsOn(metricName, dimensions) }).toMatchObject({ index, alarms: [{}] });
      }
    }
    expect(alarmsOn('SystemErrors', { TableName: table, Operation: 'Query' })).toHaveLength(1);
  });

  it.each(rulesOf(names))('the rule $rule', ({ rule }) => {
    for (const metricName of ['FailedInvocations', 'InvocationsFailedToBeSentToDlq', 'ThrottledRules']) {
      expect(alarmsOn(metricName, { EventBusName: names.bus, RuleName: rule })).toHaveLength(1);
    }
  });
});

describe('an alarm that Prometheus has, too', () => {
  const expressionOf = (alert: string) => alertQueries().find(({ where }) => where === alert)?.expression ?? '';
  /** The numbers that the alert compares with. */
  const limitsOf = (alert: string) => [...expressionOf(alert).matchAll(/> ([\d.]+)/g)].map((match) => Number(match[1]));

  it('has the same limit for dead letters', () => {
    expect(limitsOf('DeadLetters')).toEqual([0]);
    const found = queuesOf(names).filter(({ role }) => role !== 'work');
    for (const { name } of found) {
      expect(alarmsOn('ApproximateNumberOfMessagesVisible', { QueueName: name })).toMatchObject([{ Threshold: 0 }]);
    }
  });

  it('has the same limit for the age of messages', () => {
    const [seconds] = limitsOf('MessagesAreOld');
    for (const queue of WORK_QUEUES) {
      const QueueName = workQueueNames(names, queue).name;
      expect(alarmsOn('ApproximateAgeOfOldestMessage', { QueueName })).toMatchObject([{ Threshold: seconds }]);
    }
  });

  it('has the same limit and the same floor for errors of the API', () => {
    const [share, floor] = limitsOf('HttpErrorRatio');
    expect(alarms.ApiErrorRatio?.Threshold).toBe(share);
    expect(alarms.ApiErrorRatio?.Metrics?.[0]?.Expression).toContain(`> ${floor}, `);
  });

  it('waits as long for polls, plus two minutes for metrics that are late', () => {
    const [seconds = 0] = limitsOf('WorkerNotPolling');
    const minutes = [alarms.OrderWorkerNotPolling, alarms.NotificationWorkerNotPolling].map(
      (alarm) => alarm?.EvaluationPeriods,
    );
    expect(minutes).toEqual([seconds / 60 + 2, seconds / 60 + 2]);
  });
});

describe('the topic', () => {
  it('is encrypted with a key that CloudWatch may use', () => {
    expect(stack.resources.Topic?.Properties.KmsMasterKeyId).toBe('TopicKey');
    const { Statement } = stack.resources.TopicKey?.Properties.KeyPolicy as { Statement: unknown[] };
    expect(Statement[1]).toEqual({
      Sid: 'Alarms',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: '*',
    });
  });

  it('takes alarms of this account only', () => {
    expect(stack.resources.TopicPolicy?.Properties.PolicyDocument).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: 'sns:Publish',
          Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } },
        },
      ],
    });
  });

  it('has a subscriber if there is an address', () => {
    expect(stack.resources).not.toHaveProperty('Subscription');
    const { resources } = readStack('alarms', { Email: 'ops@example.com' });
    expect(resources.Subscription?.Properties).toEqual({
      TopicArn: 'Topic',
      Protocol: 'email',
      Endpoint: 'ops@example.com',
    });
  });

  it('can be an existing one', () => {
    const arn = 'arn:aws:sns:us-east-1:000000000000:ours';
    const { resources, ofType } = readStack('alarms', { TopicArn: arn, Email: 'ops@example.com' });
    expect(Object.keys(resources).filter((id) => /Topic|Subscription/.test(id))).toEqual([]);
    for (const alarm of Object.values(ofType<Alarm>('AWS::CloudWatch::Alarm'))) {
      expect([alarm.AlarmActions, alarm.OKActions]).toEqual([[arn], [arn]]);
    }
  });
});
