import { readFileSync } from 'node:fs';
import { resolveTemplate, type Resource } from './resolve-template.js';

export const readProjectFile = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Values for the parameters of infrastructure/services.yaml that have no default. */
export const SERVICES_PARAMETERS = {
  Stage: 'shop',
  Vpc: 'vpc-00000001',
  LoadBalancerSubnets: 'subnet-00000001,subnet-00000002',
  ServiceSubnets: 'subnet-00000003,subnet-00000004',
  HostName: 'orders.example.com',
  CertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-4000-8000-000000000000',
  ApiGatewayImage: '000000000000.dkr.ecr.us-east-1.amazonaws.com/orderflow/api-gateway:1',
  OrderWorkerImage: '000000000000.dkr.ecr.us-east-1.amazonaws.com/orderflow/order-worker:1',
  NotificationWorkerImage: '000000000000.dkr.ecr.us-east-1.amazonaws.com/orderflow/notification-worker:1',
  OidcIssuer: 'https://login.example.com/',
  OidcAudience: 'https://orders.example.com',
};

export const COLLECTOR_IMAGE = 'public.ecr.aws/aws-observability/aws-otel-collector:v1';

export type Container = {
  Name: string;
  Image: string;
  Essential: boolean;
  Memory: number;
  User: string;
  ReadonlyRootFilesystem: boolean;
  LinuxParameters: { InitProcessEnabled?: boolean; Capabilities: { Drop: string[] } };
  StopTimeout: number;
  PortMappings?: { ContainerPort: number }[];
  HealthCheck: { Command: string[]; StartPeriod: number; Interval: number; Timeout: number; Retries: number };
  Environment: { Name: string; Value: string }[];
  LogConfiguration: { Options: Record<string, string> };
};

export type Task = {
  Cpu: string;
  Memory: string;
  TaskRoleArn: string;
  ExecutionRoleArn: string;
  ContainerDefinitions: Container[];
};

export type Statement = { Effect: string; Action: string | string[]; Resource: string | string[] };
export type Role = {
  ManagedPolicyArns?: string[];
  Policies?: { PolicyDocument: { Statement: Statement[] } }[];
  AssumeRolePolicyDocument: unknown;
};

/** infrastructure/services.yaml, evaluated, with its resources by type. */
export function readServicesStack(parameters: Record<string, string> = {}) {
  const template = resolveTemplate(readProjectFile('infrastructure/services.yaml'), {
    ...SERVICES_PARAMETERS,
    ...parameters,
  });
  const ofType = <T>(type: string): T[] =>
    Object.values(template.resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties as T);
  const tasks = ofType<Task>('AWS::ECS::TaskDefinition');
  const propertiesOf = <T>(id: string): T => {
    const resource: Resource | undefined = template.resources[id];
    if (!resource) throw new Error(`services.yaml has no ${id}`);
    return resource.Properties as T;
  };
  return {
    ...template,
    ofType,
    propertiesOf,
    tasks,
    /** The task that runs the service, and the service's container. */
    taskOf: (service: string) => {
      const task = tasks.find(({ ContainerDefinitions }) => ContainerDefinitions[0]?.Name === service);
      const [container] = task?.ContainerDefinitions ?? [];
      if (!task || !container) throw new Error(`services.yaml has no task of ${service}`);
      return { task, container, environment: environmentOf(container) };
    },
    roleOf: (arn: string) => propertiesOf<Role>(arn.replace(/\.Arn$/, '')),
  };
}

export function environmentOf({ Environment }: Container): Record<string, string> {
  return Object.fromEntries(Environment.map(({ Name, Value }) => [Name, Value]));
}
