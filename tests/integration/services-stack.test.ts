/** infrastructure/services.yaml deploys beside template.yaml, and IAM has what both say. No container starts here. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICES } from '@orderflow/contracts';
import * as yaml from 'yaml';
import { readResources } from '../../tools/template.mjs';
import { startAwsEmulator, type AwsEmulator, type DeployedStack } from '../support/aws-emulator/aws-emulator.js';
import {
  COLLECTOR_IMAGE,
  readProjectFile,
  readServicesStack,
  SERVICES_PARAMETERS as PARAMETERS,
} from '../support/services-stack.js';

const services = Object.keys(SERVICES);
const STACK = 'orderflow-shop-services';
const FILE = 'infrastructure/services.yaml';

const { managedPolicies } = readResources(
  readProjectFile('infrastructure/template.yaml'),
  { parameters: { Stage: PARAMETERS.Stage }, region: 'us-east-1', account: '000000000000' },
  yaml,
);
const topologyPolicies = managedPolicies as { ManagedPolicyName: string; PolicyDocument: unknown }[];

/** The template's text for a resource's ARN is replaced by the ARN. */
function withLogArns(document: unknown): unknown {
  const text = JSON.stringify(document).replace(/"(\w+)Logs\.Arn"/g, (_, id: string) => {
    const name = id.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
    return `"arn:aws:logs:us-east-1:000000000000:log-group:/orderflow/shop/${name}:*"`;
  });
  return JSON.parse(text) as unknown;
}

let emulator: AwsEmulator;
let deployed: DeployedStack;

beforeAll(async () => {
  emulator = await startAwsEmulator();
  await emulator.deploy({ STAGE: PARAMETERS.Stage });
  deployed = await emulator.deployStack(STACK, FILE, PARAMETERS);
}, 180_000);

afterAll(async () => {
  await emulator.dispose();
}, 30_000);

/** The roles of the task that runs the service. */
function rolesOf(stack: DeployedStack, service: string) {
  const task = stack.tasks.find(({ containerDefinitions }) => containerDefinitions[0]?.name === service);
  const roleWith = (arn = '') => {
    const [id, role] = Object.entries(stack.roles).find(([, one]) => one.arn === arn) ?? [];
    if (id === undefined || role === undefined) throw new Error(`${service} has no role ${arn}`);
    return { id, ...role };
  };
  return { task: roleWith(task?.taskRoleArn), execution: roleWith(task?.executionRoleArn) };
}

describe('the stack of the services', () => {
  it('is complete', () => {
    expect(deployed.failed).toEqual([]);
    expect(deployed.status).toBe('CREATE_COMPLETE');
    expect(deployed.resources.sort()).toEqual(Object.keys(readServicesStack().resources).sort());
  });

  it('exports what scaling.yaml and alarms.yaml import', () => {
    expect(deployed.exports).toEqual({
      'shop-orderflow-load-balancer': expect.stringMatching(/^app\/[\w-]+\/\w+$/),
      'shop-orderflow-target-group': expect.stringMatching(/^(?:targetgroup\/)?[\w-]+\/\w+$/),
    });
  });

  it.each(services)('lets the task of %s do what template.yaml says', (service) => {
    const { task } = rolesOf(deployed, service);
    const policy = topologyPolicies.find((one) => one.ManagedPolicyName === `shop-${service}-us-east-1`);
    expect(task.inline).toEqual([]);
    expect(task.attached).toEqual({
      [`arn:aws:iam::000000000000:policy/shop-${service}-us-east-1`]: policy?.PolicyDocument,
    });
  });

  it.each(services)('lets ECS start %s, and nobody else use its roles', (service) => {
    const { task, execution } = rolesOf(deployed, service);
    const expected = readServicesStack().roleOf(execution.id);
    expect(execution.attached).toEqual({});
    expect(execution.inline).toEqual((expected.Policies ?? []).map((one) => withLogArns(one.PolicyDocument)));
    for (const { id, trust } of [task, execution]) {
      expect(trust).toEqual(readServicesStack().roleOf(id).AssumeRolePolicyDocument);
    }
  });
});

it('an update adds the collector with its rights, and the next one removes both', async () => {
  const collecting = await emulator.deployStack(STACK, FILE, { ...PARAMETERS, CollectorImage: COLLECTOR_IMAGE });
  expect(collecting.status).toBe('UPDATE_COMPLETE');
  const { TelemetryPolicy } = readServicesStack({ CollectorImage: COLLECTOR_IMAGE }).resources;
  for (const service of services) {
    const documents = Object.values(rolesOf(collecting, service).task.attached);
    expect(documents).toContainEqual(withLogArns(TelemetryPolicy?.Properties.PolicyDocument));
    expect(documents).toHaveLength(2);
  }
  expect(collecting.tasks.map((one) => one.containerDefinitions.length)).toEqual([2, 2, 2]);

  const without = await emulator.deployStack(STACK, FILE, PARAMETERS);
  expect(without.status).toBe('UPDATE_COMPLETE');
  expect(without.resources).not.toContain('TelemetryPolicy');
  for (const service of services) expect(Object.keys(rolesOf(without, service).task.attached)).toHaveLength(1);
}, 60_000);
