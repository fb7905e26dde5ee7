/** docs/deploy-aws.md and the workflow deploy the templates as they are: files, parameters, outputs, limits. */
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '@orderflow/contracts';
import { listBucketsOf, OUTBOX_SHARDS } from '@orderflow/domain/work-item-record';
import { parse } from 'yaml';
import { PRICES } from '../../bench/prices.js';
import { read } from './markdown.js';
import { COLLECTOR_IMAGE, readServicesStack } from './services-stack.js';

const root = new URL('../../', import.meta.url);
const TEMPLATES = ['template', 'services', 'scaling', 'alarms'].map((name) => `infrastructure/${name}.yaml`);

/** CloudFormation's short forms, read as plain values: only parameters and outputs matter here. */
const customTags = [
  'Ref',
  'Sub',
  'GetAtt',
  'If',
  'Equals',
  'Not',
  'And',
  'Or',
  'FindInMap',
  'Join',
  'Select',
  'Split',
  'ImportValue',
  'Condition',
  'Cidr',
  'GetAZs',
  'Base64',
].flatMap((name) => [
  { tag: `!${name}`, resolve: (text: string) => text },
  { tag: `!${name}`, collection: 'seq' as const },
  { tag: `!${name}`, collection: 'map' as const },
]);

type Template = { Parameters: Record<string, { Default?: unknown }>; Outputs?: Record<string, unknown> };
const templates = new Map(
  TEMPLATES.map(
    (path) => [path, parse(readFileSync(new URL(path, root), 'utf8'), { customTags }) as Template] as const,
  ),
);

type Deployment = { template: string; stack: string; keys: string[]; text: string };

/** The `aws cloudformation deploy` commands of a text, each joined into one line. */
function deployments(text: string): Deployment[] {
  const joined = text.replaceAll(/\\\n\s*/g, ' ');
  return [...joined.matchAll(/aws cloudformation deploy ([^\n]*)/g)].map(([, command = '']) => ({
    template: /--template-file (\S+)/.exec(command)?.[1] ?? '',
    stack: /--stack-name "?([^\s"]+)/.exec(command)?.[1] ?? '',
    keys: [...(command.split('--parameter-overrides')[1] ?? '').matchAll(/\b([A-Z]\w+)=/g)].map((match) => match[1]!),
    text: command,
  }));
}

const unknownKeys = ({ template, keys }: Deployment): string[] =>
  keys.filter((key) => !Object.hasOwn(templates.get(template)?.Parameters ?? {}, key));

const missingKeys = ({ template, keys }: Deployment): string[] =>
  Object.entries(templates.get(template)?.Parameters ?? {}).flatMap(([name, { Default: value }]) =>
    value === undefined && !keys.includes(name) ? [name] : [],
  );

const doc = read('docs/deploy-aws.md');
const tenCommands = doc.slice(doc.indexOf('## Ten commands'), doc.indexOf('## Update'));
const workflow = parse(read('.github/workflows/ci.yml')) as { jobs: { deploy: { steps: { run?: string }[] } } };
const pipeline = deployments(workflow.jobs.deploy.steps.map(({ run = '' }) => run).join('\n'));
const first = deployments(tenCommands);

describe('the ten commands', () => {
  it('are ten', () => {
    expect([...tenCommands.matchAll(/^\*\*(\d+)\.\*\*/gm)].map((match) => Number(match[1]))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it.each(TEMPLATES)('deploy %s with every parameter that has no default', (template) => {
    const one = first.find((deployment) => deployment.template === template);
    expect(one && missingKeys(one)).toEqual([]);
  });

  it('set every variable that they use', () => {
    const set = [...tenCommands.matchAll(/\b([A-Z_]+)=/g), ...tenCommands.matchAll(/for (\w+) in/g)].map(
      (match) => match[1],
    );
    const used = [...tenCommands.matchAll(/\$(\w+)/g)].map((match) => match[1]);
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((name) => !set.includes(name))).toEqual([]);
  });

  it('build the images of every service', () => {
    const lists = [...tenCommands.matchAll(/for service in (.+); do/g)].map((match) => match[1]);
    expect(lists).toEqual([Object.keys(SERVICES).join(' '), Object.keys(SERVICES).join(' ')]);
  });
});

describe.each([
  ['docs/deploy-aws.md', deployments(doc)],
  ['the pipeline', pipeline],
])('%s', (_where, all) => {
  it('deploys templates under their stack names, in the order in which they need each other', () => {
    const stacks = TEMPLATES.map((template, index) => [
      template,
      `orderflow-$STAGE${['', '-services', '-scaling', '-alarms'][index]}`,
    ]);
    for (const { template, stack } of all) expect(stacks).toContainEqual([template, stack]);
    expect(pipeline.map(({ template }) => template)).toEqual(TEMPLATES);
    expect(first.map(({ template }) => template)).toEqual(TEMPLATES);
  });

  it('names only parameters that exist', () => {
    expect(all.flatMap(unknownKeys)).toEqual([]);
  });

  it('acknowledges the roles and policies of a template', () => {
    const silent = all.filter(
      ({ template, text }) => read(template).includes('AWS::IAM::') && !text.includes('CAPABILITY_NAMED_IAM'),
    );
    expect(silent).toEqual([]);
  });
});

it.each(TEMPLATES)('%s is small enough to be deployed without a bucket', (template) => {
  expect(statSync(new URL(template, root)).size).toBeLessThanOrEqual(51_200);
});

it('the document reads only outputs that exist', () => {
  const outputs = [...templates.values()].flatMap((template) => Object.keys(template.Outputs ?? {}));
  const named = [...doc.matchAll(/OutputKey=='(\w+)'/g)].map((match) => match[1]!);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !outputs.includes(name))).toEqual([]);
});

it('the document tests an alarm that exists', () => {
  const [, name = '-'] = /set-alarm-state --alarm-name \$STAGE-([\w-]+)/.exec(doc) ?? [];
  expect(read('infrastructure/alarms.yaml')).toContain(`AlarmName: !Sub \${Stage}-${name}\n`);
});

it('the key policy of docs/security.md lets EventBridge use the key, and CloudWatch Logs for every log group', () => {
  type Statement = { Principal: { Service: string }; Condition: { ArnLike?: Record<string, string> } };
  const section = read('docs/security.md').split('## Encryption at rest')[1] ?? '';
  const [events, logs] = JSON.parse(/```json\n([^]*?)```/.exec(section)?.[1] ?? '[]') as Statement[];
  expect(events?.Principal.Service).toBe('events.amazonaws.com');
  expect(logs?.Principal.Service).toMatch(/^logs\.[\w-]+\.amazonaws\.com$/);
  const [, prefix = '-'] =
    /:log-group:(.+)\*$/.exec(logs?.Condition.ArnLike?.['kms:EncryptionContext:aws:logs:arn'] ?? '') ?? [];
  const groups = readServicesStack({ CollectorImage: COLLECTOR_IMAGE }).ofType<{ LogGroupName: string }>(
    'AWS::Logs::LogGroup',
  );
  expect(groups).toHaveLength(4);
  expect(groups.filter(({ LogGroupName }) => !LogGroupName.startsWith(prefix))).toEqual([]);
});

describe('the costs a month', () => {
  const numbers = (line: string) =>
    line
      .split('|')
      .slice(2, 5)
      .map((cell) => Number(cell.replace(/[^\d]/g, '')));
  const rows = doc.slice(doc.indexOf('| $ a month')).split('\n\n')[0]!.split('\n').slice(2);
  const rowOf = (name: string) => numbers(rows.find((row) => row.startsWith(`| ${name} `)) ?? '');

  it('add up', () => {
    const sums = rows
      .slice(0, -1)
      .map(numbers)
      .reduce((sum, row) => sum.map((value, index) => value + row[index]!));
    expect(rowOf('**together**')).toEqual(sums);
    expect(sums[0]).toBeGreaterThan(0);
  });

  it('have the prices of bench/prices.ts and the units of the table above', () => {
    const millionsAMonth = [1, 100, 1_000].map((rate) => rate * 2.628);
    const [writes, reads] = [16, 1.13];
    const dynamoDb = writes * PRICES.dynamoDbPerMillionWriteUnits + reads * PRICES.dynamoDbPerMillionReadUnits;
    const events = 3 * PRICES.eventBridgePerMillionEvents;
    expect(rowOf('DynamoDB, requests')).toEqual(millionsAMonth.map((millions) => Math.round(dynamoDb * millions + 1)));
    expect(rowOf('EventBridge')).toEqual(millionsAMonth.map((millions) => Math.round(events * millions)));
  });
});

it('the load model has the shards of the indexes', () => {
  expect(doc).toContain(`one of ${OUTBOX_SHARDS} \`outbox\` shards`);
  expect(doc).toContain(`one of ${listBucketsOf('2026-01').length} \`by-time\` shards`);
});

describe('these checks notice', () => {
  const wrong = deployments(
    'aws cloudformation deploy --stack-name orderflow-$STAGE --template-file infrastructure/services.yaml \\\n  --parameter-overrides Stage=x Vpcs=y',
  );

  it('a parameter that does not exist, and one that is missing', () => {
    expect(wrong.flatMap(unknownKeys)).toEqual(['Vpcs']);
    expect(wrong.flatMap(missingKeys)).toContain('Vpc');
  });
});
