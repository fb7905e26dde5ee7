/** The IAM policies of infrastructure/template.yaml. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  EVENT_CLASSES,
  INDEXES,
  QUEUES,
  queueNames,
  queuesOf,
  resourceNames,
  rulesOf,
  SERVICES,
  WORK_QUEUES,
  workQueueNames,
} from '@orderflow/contracts';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import * as yaml from 'yaml';
import { readResources } from '../../tools/template.mjs';

type Statement = {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
  Condition?: { StringEquals: Record<string, string | string[]> };
};
type Policy = { ManagedPolicyName: string; PolicyDocument: { Statement: Statement[] } };

const template = readFileSync(new URL('../../infrastructure/template.yaml', import.meta.url), 'utf8');
const REGION = 'eu-west-1';
const ACCOUNT = '123456789012';
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/one`;
/** Characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const LONGEST = 6_144;

function policiesOf(stage: string, parameters: Record<string, string> = {}): Record<string, Policy> {
  const deployment = { parameters: { Stage: stage, ...parameters }, region: REGION, account: ACCOUNT };
  const policies = readResources(template, deployment, yaml).managedPolicies as Policy[];
  return Object.fromEntries(policies.map((policy) => [policy.ManagedPolicyName, policy]));
}

const listOf = (values: string | string[]): string[] => [values].flat();
const nameOf = (owner: string) => `shop-${owner}-${REGION}`;
const owners = [...Object.keys(SERVICES), 'operator'];
const policies = policiesOf('shop');
const statementsOf = (owner: string) => policies[nameOf(owner)]?.PolicyDocument.Statement ?? [];

/** What a policy allows an action on, sorted. */
const allowed = (owner: string, action: string) =>
  statementsOf(owner)
    .flatMap(({ Action, Resource }) => (listOf(Action).includes(action) ? listOf(Resource) : []))
    .sort();

const names = resourceNames('shop');
const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const ecsServices = Object.keys(SERVICES).map((service) => arn('ecs', `service/shop-orderflow/${service}`));
const tableArns = Object.values(workItemTables(names)).map(({ name }) => arn('dynamodb', `table/${name}`));
/** Every ARN that a policy may name. That of a stack or a task ends in an id that AWS chooses. */
const known = new Set([
  ...tableArns,
  ...tableArns.flatMap((table) => Object.values(INDEXES).map((index) => `${table}/index/${index}`)),
  ...queueNames(names).map((queue) => arn('sqs', queue)),
  arn('events', `event-bus/${names.bus}`),
  ...rulesOf(names).map(({ rule }) => arn('events', `rule/${names.bus}/${rule}`)),
  ...['', '-services', '-scaling', '-alarms'].map((part) => arn('cloudformation', `stack/orderflow-shop${part}/*`)),
  ...ecsServices,
  arn('ecs', 'task/shop-orderflow/*'),
]);

it('every service has a policy, and operators have one', () => {
  expect(Object.keys(policies).sort()).toEqual(owners.map(nameOf).sort());
});

describe.each(owners)('the policy of %s', (owner) => {
  it('allows only named actions on resources of the topology', () => {
    for (const { Sid, Effect, Action, Resource, ...rest } of statementsOf(owner)) {
      expect({ Sid, Effect }).toEqual({ Sid, Effect: 'Allow' });
      expect(Object.keys(rest).filter((element) => element !== 'Condition')).toEqual([]);
      for (const action of listOf(Action)) expect(action).toMatch(/^[a-z]+:[A-Za-z]+$/);
      expect(listOf(Resource).filter((resource) => !known.has(resource))).toEqual([]);
    }
  });

  it('allows no PutItem, UpdateItem and the like, and no change of a resource', () => {
    const actions = statementsOf(owner).flatMap(({ Action }) => listOf(Action));
    const isWrite = /:(?:Put(?!Events)|Update|Delete(?!Message$)|Create|Tag|Set|Purge|Add|Remove|Batch(?!GetItem))/;
    expect(actions.filter((action) => isWrite.test(action))).toEqual([]);
  });

  it('fits into a managed policy, with the longest stage and a key', () => {
    const stage = 'a'.repeat(20);
    const all = policiesOf(stage, { KmsKeyArn: KEY });
    const document = all[`${stage}-${owner}-${REGION}`]?.PolicyDocument;
    expect(JSON.stringify(document).length).toBeLessThan(LONGEST);
  });

  it('allows the use of the key for tables and queues, only if there is one', () => {
    const key = (parameters = {}) =>
      policiesOf('shop', parameters)[nameOf(owner)]?.PolicyDocument.Statement.find(({ Sid }) => Sid === 'Encryption');
    expect(key()).toBeUndefined();
    const via = { 'kms:ViaService': [`dynamodb.${REGION}.amazonaws.com`, `sqs.${REGION}.amazonaws.com`] };
    expect(key({ KmsKeyArn: KEY })).toMatchObject({ Resource: KEY, Condition: { StringEquals: via } });
  });

  it('pins each event to its source and type', () => {
    for (const { Condition: condition } of statementsOf(owner).filter(({ Action }) => Action === 'events:PutEvents')) {
      const { 'events:source': source, 'events:detail-type': types = [] } = condition?.StringEquals ?? {};
      const ofSource = EVENT_CLASSES.filter((event) => event.source === source).map(({ type }): string => type);
      expect(listOf(types).filter((type) => !ofSource.includes(type))).toEqual([]);
      expect(types.length).toBeGreaterThan(0);
    }
  });
});

describe.each(['api-gateway', 'operator'])('the policy of %s', (owner) => {
  const queueArns = (listed: { name: string }[]) => listed.map(({ name }) => arn('sqs', name)).sort();

  it.each(['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'])('allows %s on every queue', (action) => {
    expect(allowed(owner, action)).toEqual(queueArns(queuesOf(names)));
  });

  it('allows sqs:ReceiveMessage on the queues that no worker receives from', () => {
    const others = queuesOf(names).filter(({ role }) => role !== 'work');
    expect(allowed(owner, 'sqs:ReceiveMessage')).toEqual(queueArns(others));
  });
});

it('operators may replay to every work queue, and look at every rule and service', () => {
  const workQueues = WORK_QUEUES.map((queue) => arn('sqs', workQueueNames(names, queue).name));
  expect(allowed('operator', 'sqs:SendMessage')).toEqual(workQueues.sort());
  const rules = rulesOf(names).map(({ rule }) => arn('events', `rule/${names.bus}/${rule}`));
  expect(allowed('operator', 'events:DescribeRule')).toEqual(rules.sort());
  expect(allowed('operator', 'ecs:DescribeServices')).toEqual([...ecsServices].sort());
});

it.each(WORK_QUEUES)('only the worker of %s, of the services, may take its messages', (queue) => {
  const { name, deadLetterName } = workQueueNames(names, queue);
  for (const service of Object.keys(SERVICES)) {
    const isWorker = service === QUEUES[queue].worker;
    for (const action of ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility']) {
      expect(allowed(service, action).includes(arn('sqs', name))).toBe(isWorker);
    }
    expect(allowed(service, 'sqs:SendMessage').includes(arn('sqs', deadLetterName))).toBe(isWorker);
  }
});

it('every event may be published by the service that is its source', () => {
  for (const { source, type } of EVENT_CLASSES) {
    const isAllowed = statementsOf(source.replace('orderflow.', '')).some(
      ({ Condition: condition }) =>
        condition?.StringEquals['events:source'] === source &&
        listOf(condition.StringEquals['events:detail-type'] ?? []).includes(type),
    );
    expect({ type, isAllowed }).toEqual({ type, isAllowed: true });
  }
});

it('services.yaml can name each policy in an output', () => {
  for (const owner of owners) {
    const id = owner.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
    expect(template).toContain(`\n  ${id}PolicyArn:\n    Value: !Ref ${id}Policy\n`);
  }
});
