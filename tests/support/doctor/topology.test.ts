import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { queueNames, resourceNames, rulesOf } from '@orderflow/contracts';
import * as yaml from 'yaml';
import { TABLES } from '../../../contracts/src/topology.js';
import { checkDrift, checkTopology } from '../../../tools/doctor/drift.mjs';
import { readStack } from '../../../tools/doctor/stack.mjs';
import { canonical, readTemplate } from '../../../tools/doctor/template.mjs';

const template = readFileSync(new URL('../../../infrastructure/template.yaml', import.meta.url), 'utf8');
const deployment = { parameters: { Stage: 'blue' }, region: 'eu-west-1', account: '123456789012' };
const names = resourceNames('blue');
const arn = (queue: string) => `arn:aws:sqs:eu-west-1:123456789012:${queue}`;
const fixes = {
  ...{ deploy: 'deploy', recreate: 'recreate' },
  aws: (step: string) => `aws ${step}`,
  queueUrl: (queue: string) => `url/${queue}`,
};

describe('the template', () => {
  it("is evaluated with the stack's parameters", () => {
    const topology = readTemplate(template, deployment, yaml);
    expect(topology.Tables['blue-notifications']).toEqual({
      key: 'notificationId HASH S',
      'index outbox': 'outboxShard HASH N, outboxAt RANGE N, KEYS_ONLY',
      'index by-order': 'orderId HASH S, createdAtId RANGE S, KEYS_ONLY',
      'time to live': 'expiresAt',
      'deletion protection': 'true',
    });
    const { Policy: policy, ...queue } = topology.Queues['blue-order-queue'] ?? {};
    expect(policy).toContain('"Action":"sqs:SendMessage"');
    expect(queue).toEqual({
      SqsManagedSseEnabled: 'true',
      VisibilityTimeout: '30',
      MessageRetentionPeriod: '345600',
      RedrivePolicy: canonical({ maxReceiveCount: '20', deadLetterTargetArn: arn('blue-order-queue-dlq') }),
    });
    expect(topology.Bus).toEqual({ 'blue-orders': {} });
    expect(topology.Rules['blue-order-created']).toEqual({
      State: 'ENABLED',
      EventPattern: '{"detail-type":["OrderCreated"],"source":["orderflow.api-gateway"]}',
    });
    expect(topology.Targets['blue-order-outcomes/notification-queue']).toEqual({
      Arn: arn('blue-notification-queue'),
      'DeadLetterConfig.Arn': arn('blue-undelivered'),
    });
  });

  it('has the key that encrypts it, if a parameter names one', () => {
    const KmsKeyArn = 'arn:aws:kms:eu-west-1:123456789012:key/one';
    const parameters = { Stage: 'blue', KmsKeyArn };
    const topology = readTemplate(template, { ...deployment, parameters }, yaml);
    expect(topology.Tables['blue-orders']).toMatchObject({ 'encryption key': KmsKeyArn });
    expect(topology.Queues['blue-undelivered']).toMatchObject({
      ...{ KmsMasterKeyId: KmsKeyArn, SqsManagedSseEnabled: 'false' },
    });
    expect(topology.Bus).toEqual({ 'blue-orders': { 'encryption key': KmsKeyArn } });
  });

  it.each([
    ['local', 'auto', 'false'],
    ['local', 'true', 'true'],
    ['shop', 'auto', 'true'],
    ['shop', 'false', 'false'],
  ])('protects the tables of %s from deletion with Durable %s: %s', (Stage, Durable, expected) => {
    const topology = readTemplate(template, { ...deployment, parameters: { Stage, Durable } }, yaml);
    for (const table of Object.values(topology.Tables)) expect(table['deletion protection']).toBe(expected);
  });

  it("omits rules whose condition is false, and uses the parameters' values", () => {
    const parameters = { Stage: 'blue', NotifyOnOrderOutcome: 'false', VisibilityTimeoutSeconds: '6' };
    const topology = readTemplate(template, { ...deployment, parameters }, yaml);
    const others = rulesOf(names).flatMap(({ rule }) => (rule === names.orderOutcomesRule ? [] : [rule]));
    expect(Object.keys(topology.Rules).sort()).toEqual(others.sort());
    expect(topology.Queues['blue-order-queue']?.VisibilityTimeout).toBe('6');
  });
});

it("the stack is read from CloudFormation's answers", () => {
  const member = (key: string, value: string) =>
    `<member><ParameterKey>${key}</ParameterKey><ParameterValue>${value}</ParameterValue></member>`;
  const description = `<StackId>arn:aws:cloudformation:eu-west-1:123456789012:stack/a/b</StackId>
    <StackStatus>UPDATE_COMPLETE</StackStatus><Parameters>${member('Stage', 'blue')}${member('Empty', '')}</Parameters>`;
  expect(readStack(description, '<TemplateBody>a: &#x27;&lt;&#39;\n&amp;amp;</TemplateBody>')).toEqual({
    status: 'UPDATE_COMPLETE',
    template: "a: '<'\n&amp;",
    parameters: { Stage: 'blue', Empty: '' },
    ...{ region: 'eu-west-1', account: '123456789012' },
  });
});

describe('drift', () => {
  const wanted = readTemplate(template, deployment, yaml);
  type Topology = typeof wanted;
  /** The topology with changes. */
  const changed = (change: (topology: Topology) => void) => {
    const copy = structuredClone(wanted);
    change(copy);
    return copy;
  };
  const check = (actual: Topology, deployed = wanted) => checkTopology({ wanted, deployed, actual }, fixes);
  const wrong = (checks: ReturnType<typeof check>) => checks.filter(({ status }) => status !== 'ok');

  it('is empty if everything matches the template', () => {
    expect(check(wanted).map(({ check: name, status, found }) => [name, status, found])).toEqual([
      ['Tables', 'ok', `${TABLES.length} as in the template`],
      ['Queues', 'ok', `${queueNames(names).length} as in the template`],
      ['Bus', 'ok', '1 as in the template'],
      ['Rules', 'ok', `${rulesOf(names).length} as in the template`],
      ['Targets', 'ok', `${rulesOf(names).length} as in the template`],
    ]);
  });

  it.each<[string, (topology: Topology) => void, string, string, string?]>([
    [
      'an index',
      ({ Tables }) => delete Tables['blue-orders']!['index by-time'],
      'Tables',
      'blue-orders: index by-time is not set, not listBucket HASH S, createdAtId RANGE S, KEYS_ONLY',
    ],
    [
      'a key',
      ({ Tables }) => (Tables['blue-orders']!.key = 'id HASH S'),
      'Tables',
      'key is id HASH S, not orderId HASH S',
    ],
    [
      'time to live',
      ({ Tables }) => delete Tables['blue-orders']!['time to live'],
      'Tables',
      'blue-orders: time to live is not set, not expiresAt',
      'aws dynamodb update-time-to-live --table-name blue-orders ' +
        '--time-to-live-specification AttributeName=expiresAt,Enabled=true',
    ],
    [
      'deletion protection',
      ({ Tables }) => (Tables['blue-notifications']!['deletion protection'] = 'false'),
      'Tables',
      'blue-notifications: deletion protection is false, not true',
      'aws dynamodb update-table --table-name blue-notifications --deletion-protection-enabled',
    ],
    [
      'a policy',
      ({ Queues }) => delete Queues['blue-undelivered']!.Policy,
      'Queues',
      'blue-undelivered: Policy is not set, not ',
      'aws sqs set-queue-attributes --queue-url url/blue-undelivered --attributes ',
    ],
    ['a queue', ({ Queues }) => delete Queues['blue-undelivered'], 'Queues', 'blue-undelivered is missing'],
    [
      'an attribute',
      ({ Queues }) => (Queues['blue-order-queue']!.VisibilityTimeout = '7'),
      'Queues',
      'blue-order-queue: VisibilityTimeout is 7, not 30',
      `aws sqs set-queue-attributes --queue-url url/blue-order-queue --attributes '{"VisibilityTimeout":"30",`,
    ],
    ['the bus', ({ Bus }) => delete Bus['blue-orders'], 'Bus', 'blue-orders is missing'],
    [
      'a state',
      ({ Rules }) => (Rules['blue-order-created']!.State = 'DISABLED'),
      'Rules',
      'blue-order-created: State is DISABLED, not ENABLED',
      'aws events enable-rule --event-bus-name blue-orders --name blue-order-created',
    ],
    [
      'a pattern',
      ({ Rules }) => (Rules['blue-order-created']!.EventPattern = '{}'),
      'Rules',
      'blue-order-created: EventPattern is {}, not ',
      'aws events put-rule --event-bus-name blue-orders --name blue-order-created --state ENABLED --event-pattern ' +
        `'{"detail-type":["OrderCreated"],"source":["orderflow.api-gateway"]}'`,
    ],
    [
      'a target',
      ({ Targets }) => delete Targets['blue-order-created/order-queue'],
      'Targets',
      'blue-order-created/order-queue is missing',
      `aws events put-targets --event-bus-name blue-orders --rule blue-order-created --targets '[{"Id":"order-queue",`,
    ],
    [
      'a missing dead-letter target',
      ({ Targets }) => delete Targets['blue-order-created/order-queue']!['DeadLetterConfig.Arn'],
      'Targets',
      `DeadLetterConfig.Arn is not set, not ${arn('blue-undelivered')}`,
      'aws events put-targets --event-bus-name blue-orders --rule blue-order-created --targets ',
    ],
    [
      'a rule too many',
      ({ Rules }) => (Rules.mine = {}),
      'Rules',
      'mine is not in the template',
      'aws events delete-rule --event-bus-name blue-orders --name mine',
    ],
  ])('is %s, with the mildest fix', (_what, change, name, found, fix = 'recreate') => {
    expect(wrong(check(changed(change)))).toEqual([
      { check: name, status: 'fail', found: expect.stringContaining(found), fix: expect.stringContaining(fix) },
    ]);
  });

  it('reports a missing rule without its targets', () => {
    const actual = changed(({ Rules, Targets }) => {
      delete Rules['blue-order-created'];
      delete Targets['blue-order-created/order-queue'];
    });
    expect(wrong(check(actual)).map(({ check: name }) => name)).toEqual(['Rules']);
  });

  it('is fixed by a deployment if the template has changed and the emulator can apply the change', () => {
    const shorter = changed(({ Queues }) => (Queues['blue-order-queue']!.VisibilityTimeout = '7'));
    expect(checkDrift('Queues', { wanted, deployed: shorter, actual: shorter }, fixes).fix).toBe('deploy');
    const kept = changed(({ Tables }) => delete Tables['blue-orders']!['time to live']);
    expect(checkDrift('Tables', { wanted, deployed: kept, actual: kept }, fixes).fix).toBe('deploy');
    const reshaped = changed(({ Tables }) => delete Tables['blue-orders']!['index by-time']);
    expect(checkDrift('Tables', { wanted, deployed: reshaped, actual: reshaped }, fixes).fix).toBe('recreate');
    const without = changed(({ Rules }) => delete Rules['blue-order-created']);
    expect(checkDrift('Rules', { wanted, deployed: without, actual: without }, fixes).fix).toBe('deploy');
    const other = changed(({ Rules }) => (Rules['blue-order-created']!.EventPattern = '{}'));
    expect(checkDrift('Rules', { wanted, deployed: other, actual: other }, fixes).fix).toContain('put-rule');
    const both = changed(({ Queues }) => {
      Queues['blue-order-queue']!.VisibilityTimeout = '7';
      delete Queues['blue-undelivered'];
    });
    expect(checkDrift('Queues', { wanted, deployed: shorter, actual: both }, fixes).fix).toBe('recreate');
  });
});
