/** The dashboard of infrastructure/alarms.yaml shows everything in the topology, under its real names. */
import { describe, expect, it } from '@jest/globals';
import { queueNames, rulesOf } from '@orderflow/contracts';
import { ecsServices, misspellings, names, tables } from './cloudwatch-names.js';
import { metricsOfWidget, readStack, type Widget } from './cloudwatch.js';

const stack = readStack('alarms');
const [dashboard] = Object.values(stack.ofType<{ DashboardBody: string }>('AWS::CloudWatch::Dashboard'));
const { widgets } = JSON.parse(dashboard?.DashboardBody ?? '{}') as { widgets: Widget[] };
const metrics = widgets.flatMap(metricsOfWidget);

describe('the dashboard', () => {
  it('names only metrics and resources that exist', () => {
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.flatMap(misspellings)).toEqual([]);
  });

  it('shows all alarms', () => {
    const ids = Object.keys(stack.ofType('AWS::CloudWatch::Alarm'));
    expect(widgets.flatMap(({ properties }) => properties.alarms ?? [])).toEqual(ids.map((id) => `${id}.Arn`));
  });

  it.each([
    ['queue', 'QueueName', queueNames(names)],
    ['table', 'TableName', tables],
    ['rule', 'RuleName', rulesOf(names).map(({ rule }) => rule)],
    ['service', 'ServiceName', ecsServices],
  ] as const)('shows every %s', (_kind, dimension, all) => {
    const shown = new Set(metrics.flatMap(({ dimensions }) => dimensions[dimension] ?? []));
    expect([...shown].sort()).toEqual([...all].sort());
  });
});

describe('the check of names notices', () => {
  const metric = { where: 'here', namespace: 'AWS/SQS', name: 'NumberOfMessagesSent', dimensions: {} };

  it.each([
    ['a dimension', { dimensions: { Queue: 'shop-order-queue' } }],
    ['a queue', { dimensions: { QueueName: 'shop-orders-queue' } }],
    ['a metric', { name: 'NumberOfMessageSent', dimensions: { QueueName: 'shop-order-queue' } }],
    ['a namespace', { namespace: 'SQS', dimensions: { QueueName: 'shop-order-queue' } }],
  ])('%s that does not exist', (_what, change) => {
    expect(misspellings({ ...metric, ...change })).not.toEqual([]);
  });
});
