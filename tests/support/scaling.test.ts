/** infrastructure/scaling.yaml scales every service, on metrics that exist, and gives workers time to drain. */
import { describe, expect, it } from '@jest/globals';
import { QUEUES, SERVICES, WORK_QUEUES, workQueueNames } from '@orderflow/contracts';
import { clusterName, exported, misspellings, names } from './cloudwatch-names.js';
import { metricsOfPolicy, mistakesIn, readStack, type Policy } from './cloudwatch.js';
import { readServicesStack } from './services-stack.js';

const stack = readStack('scaling');
const policies = Object.entries(stack.ofType<Policy>('AWS::ApplicationAutoScaling::ScalingPolicy'));
const targets = stack.ofType<{ ResourceId: string; MinCapacity: string; MaxCapacity: string }>(
  'AWS::ApplicationAutoScaling::ScalableTarget',
);
const services = readServicesStack();

/** The policies of a service. */
const policiesOf = (service: string) =>
  policies.filter(
    ([, { ScalingTargetId }]) => targets[ScalingTargetId]?.ResourceId === `service/${clusterName}/${service}`,
  );

describe.each(Object.keys(SERVICES))('%s', (service) => {
  it('runs two tasks or more, and has a limit', () => {
    const target = Object.values(targets).find(({ ResourceId }) => ResourceId === `service/${clusterName}/${service}`);
    expect(Number(target?.MinCapacity)).toBeGreaterThanOrEqual(2);
    expect(Number(target?.MaxCapacity)).toBeGreaterThan(Number(target?.MinCapacity));
  });

  it('is stopped more slowly than it drains, and started quickly', () => {
    const { container, environment } = services.taskOf(service);
    const redelivered = Number(environment.VISIBILITY_TIMEOUT_SECONDS);
    expect(policiesOf(service)).not.toEqual([]);
    for (const [, { TargetTrackingScalingPolicyConfiguration: tracking }] of policiesOf(service)) {
      expect(tracking.ScaleInCooldown).toBeGreaterThan(container.StopTimeout + redelivered + 180);
      expect(tracking.ScaleOutCooldown).toBeLessThanOrEqual(60);
    }
  });

  it('is scaled by this stack only', () => {
    const [ours] = services
      .ofType<{ ServiceName: string; DesiredCount?: number }>('AWS::ECS::Service')
      .filter(({ ServiceName }) => ServiceName === service);
    expect(ours).toBeDefined();
    expect(ours?.DesiredCount).toBeUndefined();
  });
});

describe.each(WORK_QUEUES)('the worker of the queue %s', (queue) => {
  const { worker } = QUEUES[queue];
  const queriesOf = (policy: Policy) =>
    policy.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification?.Metrics ?? [];

  it('follows the messages of its queue per running task: those that wait, and those in flight', () => {
    const metrics = policiesOf(worker).map(([id, policy]) => metricsOfPolicy(id, policy));
    const running = {
      namespace: 'ECS/ContainerInsights',
      name: 'RunningTaskCount',
      dimensions: { ClusterName: clusterName, ServiceName: worker },
    };
    const messages = { namespace: 'AWS/SQS', dimensions: { QueueName: workQueueNames(names, queue).name } };
    expect(metrics).toMatchObject([
      [{ ...messages, name: 'ApproximateNumberOfMessagesVisible' }, running],
      [{ ...messages, name: 'ApproximateNumberOfMessagesNotVisible' }, running],
    ]);
    expect(metrics.flat().flatMap(misspellings)).toEqual([]);
  });

  it('divides by one if no task runs', () => {
    const queries = policiesOf(worker).map(([, policy]) => queriesOf(policy));
    expect(queries.flatMap(mistakesIn)).toEqual([]);
    expect(queries.map((one) => one.at(-1)?.Expression)).toEqual([
      'visible / IF(FILL(running, 0) > 0, running, 1)',
      'inFlight / IF(FILL(running, 0) > 0, running, 1)',
    ]);
  });

  it('gets more tasks before its tasks are full', async () => {
    const { loadConfig } = (await import(`../../services/${worker}/src/config.js`)) as {
      loadConfig: (env: NodeJS.ProcessEnv) => { WORKER_POLLERS: number };
    };
    const full = loadConfig({ STAGE: 'shop' }).WORKER_POLLERS * 10;
    const [, inFlight] = policiesOf(worker);
    const target = Number(inFlight?.[1].TargetTrackingScalingPolicyConfiguration.TargetValue);
    expect(target).toBeGreaterThan(full / 2);
    expect(target).toBeLessThan(full * 0.8);
  });
});

it('the API follows its processor and its requests', () => {
  const specifications = policiesOf('api-gateway').map(
    ([, policy]) => policy.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification,
  );
  expect(specifications).toEqual([
    { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
    {
      PredefinedMetricType: 'ALBRequestCountPerTarget',
      ResourceLabel: `${exported('LoadBalancerFullName')}/${exported('TargetGroupFullName')}`,
    },
  ]);
});

describe('the check of expressions notices', () => {
  const metric = { Namespace: 'AWS/SQS', MetricName: 'NumberOfMessagesSent' };
  const stat = (Id: string) => ({ Id, ReturnData: false, MetricStat: { Metric: metric } });

  it('a metric without definition, one without use, and a second result', () => {
    expect(mistakesIn([{ Id: 'value', Expression: 'FILL(a, 0) + b' }, stat('a'), stat('c')])).toEqual([
      'not defined: b',
      'not used: c',
    ]);
    expect(mistakesIn([{ Id: 'value', Expression: 'a' }, { Id: 'other', Expression: 'a' }, stat('a')])).toEqual([
      'a second result: other',
    ]);
  });
});
