/** What operators do with `npm run doctor -- --aws`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { ECSClient, ListTasksCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { eventually } from '@orderflow/testing/eventually';
import { examineStacks } from '../../../tools/doctor/aws/check-aws.mjs';
import { emulatorClient } from '../../../tools/local/environment.mjs';
import { CREDENTIALS } from '../credentials.js';
import { SERVICES_PARAMETERS } from '../services-stack.js';
import { readPolicy } from './evaluate.js';
import type { GatedStage } from './gated-system.js';
import type { Flow } from './service-flows.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const region = 'us-east-1';

/** The doctor asks for these and does without. IAM grants them on `*` only, so the policy of operators has none. */
export const NOT_GRANTED = ['ecs:DescribeTaskDefinition', 'ecs:ListTasks', 'events:ListRules'];
const GRANTED_BY_AN_ADMINISTRATOR = readPolicy({
  Version: '2012-10-17',
  Statement: [{ Sid: 'AccountWide', Effect: 'Allow', Action: NOT_GRANTED, Resource: '*' }],
});

/** MiniStack cannot make it, so every deployment with it is rolled back. */
const FAILING = `
  Fails:
    Type: AWS::CloudWatch::Alarm
    Properties: { ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, Metrics: [{ Id: x, Expression: '1' }] }
`;
const withFailing = (template: string): string => template.replace('\nResources:\n', `\nResources:\n${FAILING}`);
const templateIn = (file: string): string => readFileSync(`${root}infrastructure/${file}`, 'utf8');

/** Deploys the services, and fails the next deployment of each stack: only then the doctor reads its events. */
async function arrange({ emulatorUrl, stage }: GatedStage): Promise<void> {
  const stacks = new CloudFormationClient(emulatorClient(emulatorUrl, CREDENTIALS));
  const ecs = new ECSClient(emulatorClient(emulatorUrl, CREDENTIALS));
  type Deployment = { part?: string; template: string; parameters?: Record<string, string> };
  const deploy = async (
    how: 'create' | 'update',
    { part = '', template, parameters = {} }: Deployment,
  ): Promise<void> => {
    const StackName = `orderflow-${stage}${part}`;
    const values = Object.entries({ ...parameters, Stage: stage });
    const deployment = {
      ...{ StackName, TemplateBody: template, Capabilities: ['CAPABILITY_NAMED_IAM' as const] },
      Parameters: values.map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    };
    if (how === 'create') await stacks.send(new CreateStackCommand(deployment));
    else await stacks.send(new UpdateStackCommand(deployment));
    const hasEnded = async () => {
      const { Stacks: [stack] = [] } = await stacks.send(new DescribeStacksCommand({ StackName }));
      return stack?.StackStatus?.endsWith('_IN_PROGRESS') === false;
    };
    await eventually(hasEnded, `the end of the deployment of ${StackName}`);
  };

  const services = { part: '-services', template: templateIn('services.yaml'), parameters: SERVICES_PARAMETERS };
  try {
    await deploy('create', services);
    const cluster = `${stage}-orderflow`;
    const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName: 'order-worker' }));
    for (const task of taskArns) await ecs.send(new StopTaskCommand({ cluster, task, reason: 'for the doctor' }));
    await deploy('update', { ...services, template: withFailing(services.template) });
    await deploy('update', { template: withFailing(templateIn('template.yaml')) });
    // Its metric math fails as well.
    await deploy('create', { part: '-alarms', template: templateIn('alarms.yaml') });
    // MiniStack refuses the types of scaling.yaml.
    const parameter = 'Parameters:\n  Stage: { Type: String }';
    await deploy('create', { part: '-scaling', template: withFailing(`${parameter}\nResources:\n`) });
  } finally {
    stacks.destroy();
    ecs.destroy();
  }
}

const arranged = new WeakMap<GatedStage, Promise<void>>();
async function arrangeOnce(gated: GatedStage): Promise<void> {
  const arranging = arranged.get(gated) ?? arrange(gated);
  arranged.set(gated, arranging);
  await arranging;
}

/** One line per check, without the fix. */
async function doctor({ gate, stage }: GatedStage): Promise<string[]> {
  const reached = { region, credentials: gate.credentialsOf('operator'), endpoint: gate.url, maxAttempts: 1 };
  const checks = await examineStacks(root, reached, { stage, region });
  return checks.map(({ check, status, found }) => `${status} ${check}: ${found}`);
}

const FAILED = /^fail Stack(?: of \w+)?: [\w-]+: \w+; \w+: AWS::CloudWatch::Alarm/;
const sees = (images: boolean): RegExp[] => [
  FAILED,
  /^ok Template: /,
  ...['Tables: 2', 'Queues: 5', 'Bus: 1', 'Rules: 3', 'Targets: 3'].map((kind) => new RegExp(`^ok ${kind} as in`)),
  ...(images ? [] : [/^skipped Rules of others: not read: events:ListRules is not allowed for operator\/gate$/]),
  FAILED,
  /^ok Template of services: /,
  images
    ? /^ok Service api-gateway: .*api-gateway:1$/
    : /^ok Service api-gateway: .*, task definition [\w-]+-api-gateway:\d+$/,
  images
    ? /^fail Service order-worker: 0 of .*order-worker:1; the last task stopped: for the doctor/
    : /^fail Service order-worker: 0 of .*order-worker:\d+$/,
  /^ok Service notification-worker: /,
  ...(images
    ? []
    : [
        /^skipped Images: not read: ecs:DescribeTaskDefinition is not allowed for operator\/gate$/,
        /^skipped Stopped tasks: not read: ecs:ListTasks is not allowed for operator\/gate$/,
      ]),
  FAILED,
  /^warn Template of scaling: /,
  FAILED,
  /^ok Template of alarms: /,
];

/** The doctor's checks must be these, in this order. */
async function examined(gated: GatedStage, expected: readonly RegExp[]): Promise<() => Promise<boolean>> {
  const lines = await doctor(gated);
  const wrong = lines.filter((line, index) => !expected[index]?.test(line));
  if (wrong.length > 0 || lines.length !== expected.length) throw new Error(`the doctor says: ${wrong.join('; ')}`);
  return () => Promise.resolve(true);
}

export const DOCTOR_FLOWS: Readonly<Record<string, Flow<GatedStage>>> = {
  'doctor --aws': async (gated) => {
    await arrangeOnce(gated);
    return examined(gated, sees(false));
  },
  'doctor --aws, with grants of an administrator': async (gated) => {
    await arrangeOnce(gated);
    const rules = gated.gate.rulesOf('operator');
    gated.gate.setRules('operator', [...rules, ...GRANTED_BY_AN_ADMINISTRATOR]);
    try {
      return await examined(gated, sees(true));
    } finally {
      gated.gate.setRules('operator', rules);
    }
  },
};
