/** Who may do what, and who may connect to whom, in infrastructure/services.yaml. */
import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '@orderflow/contracts';
import * as yaml from 'yaml';
import { loadConfig } from '../../services/api-gateway/src/config.js';
import { readResources } from '../../tools/template.mjs';
import { COLLECTOR_IMAGE, readProjectFile, readServicesStack, type Statement } from './services-stack.js';

const services = Object.keys(SERVICES);
const stack = readServicesStack();
const collecting = readServicesStack({ CollectorImage: COLLECTOR_IMAGE });
const listOf = (value: string | string[] | undefined) => [value ?? []].flat();

/** Names of the policies that template.yaml makes for the same stage. */
const { managedPolicies } = readResources(
  readProjectFile('infrastructure/template.yaml'),
  { parameters: { Stage: 'shop' }, region: 'us-east-1', account: '000000000000' },
  yaml,
);
const policyNames = (managedPolicies as { ManagedPolicyName: string }[]).map((one) => one.ManagedPolicyName);

describe.each(services)('the roles of %s', (service) => {
  const { task, container } = stack.taskOf(service);

  it('let the service do what its policy in template.yaml says, and nothing else', () => {
    const { ManagedPolicyArns, Policies } = stack.roleOf(task.TaskRoleArn);
    expect(policyNames).toContain(`shop-${service}-us-east-1`);
    expect(ManagedPolicyArns).toEqual([`arn:aws:iam::000000000000:policy/shop-${service}-us-east-1`]);
    expect(Policies).toBeUndefined();
  });

  it('let the collector send telemetry, if there is one', () => {
    const role = collecting.roleOf(collecting.taskOf(service).task.TaskRoleArn);
    expect(role.ManagedPolicyArns).toContain('TelemetryPolicy');
    expect(stack.resources).not.toHaveProperty('TelemetryPolicy');
  });

  it('let ECS pull one image and write one log', () => {
    const [policy, ...others] = stack.roleOf(task.ExecutionRoleArn).Policies ?? [];
    const logs = container.LogConfiguration.Options['awslogs-group'] ?? '';
    expect(others).toEqual([]);
    expect(stack.propertiesOf(logs).LogGroupName).toBe(`/orderflow/shop/${service}`);
    expect(policy?.PolicyDocument.Statement.map(({ Action, Resource }) => [Resource, ...listOf(Action)])).toEqual([
      ['*', 'ecr:GetAuthorizationToken'],
      [
        `arn:aws:ecr:us-east-1:000000000000:repository/orderflow/${service}`,
        ...['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      ],
      [`${logs}.Arn`, 'logs:CreateLogStream', 'logs:PutLogEvents'],
    ]);
  });

  it('can be assumed by ECS tasks only, the task role by those of this account and region', () => {
    const trustedBy = (role: string) => stack.roleOf(role).AssumeRolePolicyDocument;
    const Principal = { Service: 'ecs-tasks.amazonaws.com' };
    expect(trustedBy(task.ExecutionRoleArn)).toMatchObject({ Statement: [{ Principal }] });
    const Condition = {
      StringEquals: { 'aws:SourceAccount': '000000000000' },
      ArnLike: { 'aws:SourceArn': 'arn:aws:ecs:us-east-1:000000000000:*' },
    };
    expect(trustedBy(task.TaskRoleArn)).toMatchObject({ Statement: [{ Principal, Condition }] });
  });
});

it('no other action is granted on everything', () => {
  const statements: Statement[] = [];
  const collect = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    if ('Effect' in value && value.Effect === 'Allow') statements.push(value as Statement);
    Object.values(value).forEach(collect);
  };
  collect(collecting.resources);
  const onEverything = statements.filter(({ Resource }) => listOf(Resource).includes('*'));
  expect([...new Set(onEverything.flatMap(({ Action }) => listOf(Action)))]).toEqual([
    'ecr:GetAuthorizationToken',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ]);
  expect(statements.flatMap(({ Action }) => listOf(Action)).filter((action) => action.includes('*'))).toEqual([]);
});

it('the API asks for access tokens of an https issuer, whatever the parameters are', () => {
  expect(stack.taskOf('api-gateway').environment.AUTH_MODE).toBe('jwt');
  const issuer = new RegExp(`^(?:${stack.parameters.OidcIssuer?.AllowedPattern ?? ''})$`);
  expect(['https://login.example.com/', 'http://login.example.com/', ''].filter((url) => issuer.test(url))).toEqual([
    'https://login.example.com/',
  ]);
});

describe('the network', () => {
  type Group = { SecurityGroupIngress?: unknown[]; SecurityGroupEgress: { FromPort: number; ToPort: number }[] };
  type Service = {
    ServiceName: string;
    DesiredCount?: number;
    NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: string; SecurityGroups: string[] } };
  };
  const groupOf = (name: string) => {
    const found = stack.ofType<Service>('AWS::ECS::Service').find(({ ServiceName }) => ServiceName === name);
    const [id = ''] = found?.NetworkConfiguration.AwsvpcConfiguration.SecurityGroups ?? [];
    return stack.propertiesOf(id.replace('.GroupId', '')) as Group;
  };
  const { PORT, MANAGEMENT_PORT, ...api } = loadConfig(stack.taskOf('api-gateway').environment);

  it.each(['order-worker', 'notification-worker'])('lets nobody connect to %s', (worker) => {
    expect(groupOf(worker).SecurityGroupIngress).toBeUndefined();
  });

  it('lets only the load balancer connect to the API, on the ports of the API and its health', () => {
    expect(groupOf('api-gateway').SecurityGroupIngress).toEqual([
      expect.objectContaining({
        FromPort: PORT,
        ToPort: MANAGEMENT_PORT,
        SourceSecurityGroupId: 'LoadBalancerGroup.GroupId',
      }),
    ]);
    expect(stack.propertiesOf('LoadBalancerGroup').SecurityGroupEgress).toEqual([
      expect.objectContaining({ FromPort: PORT, ToPort: MANAGEMENT_PORT }),
    ]);
  });

  it.each(services)('gives %s no public address', (service) => {
    const all = stack.ofType<Service>('AWS::ECS::Service');
    const { AssignPublicIp } =
      all.find((one) => one.ServiceName === service)?.NetworkConfiguration.AwsvpcConfiguration ?? {};
    expect(AssignPublicIp).toBe('DISABLED');
  });

  it('serves clients by https only, and sends them there', () => {
    const listeners = stack.ofType<{ Protocol: string; DefaultActions: { Type: string }[] }>(
      'AWS::ElasticLoadBalancingV2::Listener',
    );
    expect(listeners.map(({ Protocol, DefaultActions: [action] }) => [Protocol, action?.Type])).toEqual([
      ['HTTPS', 'forward'],
      ['HTTP', 'redirect'],
    ]);
  });

  it('checks readiness where no client gets, and sends requests to the port of the API', () => {
    expect(stack.propertiesOf('TargetGroup')).toMatchObject({
      Port: PORT,
      HealthCheckPort: `${MANAGEMENT_PORT}`,
      HealthCheckPath: '/health/ready',
    });
    expect(stack.taskOf('api-gateway').container.PortMappings).toEqual([
      { ContainerPort: PORT },
      { ContainerPort: MANAGEMENT_PORT },
    ]);
  });

  it.each([
    ['not by default, so that a failed first deployment can be rolled back', {}, 'false'],
    ['on request', { LoadBalancerProtection: 'true' }, 'true'],
  ])('protects the load balancer from deletion: %s', (_, parameters, protects) => {
    const attributes = attributesOf(readServicesStack(parameters));
    expect(attributes['deletion_protection.enabled']).toBe(protects);
  });

  it('never reuses a connection that the API is about to close', () => {
    const idleMs = Number(attributesOf(stack)['idle_timeout.timeout_seconds']) * 1_000;
    expect(api.KEEP_ALIVE_TIMEOUT_MS).toBeGreaterThan(idleMs);
  });

  it('leaves the number of tasks to scaling.yaml', () => {
    for (const service of stack.ofType<Service>('AWS::ECS::Service')) expect(service.DesiredCount).toBeUndefined();
  });
});

function attributesOf(of: typeof stack): Record<string, string> {
  const { LoadBalancerAttributes } = of.propertiesOf('LoadBalancer') as {
    LoadBalancerAttributes: { Key: string; Value: string }[];
  };
  return Object.fromEntries(LoadBalancerAttributes.map(({ Key, Value }) => [Key, Value]));
}
