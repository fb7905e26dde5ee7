/** The files that repeat contracts/src/topology.js agree with it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  EVENT_CLASSES,
  QUEUES,
  queueNames,
  resourceNames,
  rulesOf,
  SERVICES,
  WORK_QUEUES,
  workQueueNames,
} from '@orderflow/contracts';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import * as yaml from 'yaml';
import { readResources } from '../../tools/template.mjs';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const sorted = (values: readonly string[]) => [...values].sort();

const names = resourceNames('local');
const services = Object.entries(SERVICES);
const workers = Object.keys(SERVICES).filter((service) => service !== 'api-gateway');

describe('infrastructure/template.yaml', () => {
  type Rule = {
    Name: string;
    EventBusName: string;
    EventPattern: { 'detail-type': string[] };
    Targets: { Arn: string; DeadLetterConfig: { Arn: string } }[];
  };
  type Policy = {
    Queues: string[];
    PolicyDocument: { Statement: { Resource: string; Condition: { ArnEquals?: { 'aws:SourceArn': string[] } } }[] };
  };
  const deployment = { parameters: { Stage: 'local' }, region: 'us-east-1', account: '000000000000' };
  const resources = readResources(read('infrastructure/template.yaml'), deployment, yaml);
  const rules = resources.rules as Rule[];
  const policies = resources.policies as Policy[];
  const namesOf = (listed: unknown[], property: string) =>
    sorted((listed as Record<string, string>[]).map((one) => one[property] ?? ''));
  const arnOf = (queue: string) => `arn:aws:sqs:us-east-1:000000000000:${queue}`;

  it('has the listed bus, tables, queues and rules, and no others', () => {
    expect(namesOf(resources.buses, 'Name')).toEqual([names.bus]);
    expect(namesOf(resources.tables, 'TableName')).toEqual(
      sorted(Object.values(workItemTables(names)).map(({ name }) => name)),
    );
    expect(namesOf(resources.queues, 'QueueName')).toEqual(sorted(queueNames(names)));
    expect(namesOf(resources.rules, 'Name')).toEqual(sorted(rulesOf(names).map(({ rule }) => rule)));
  });

  it.each(WORK_QUEUES)('gives the queue of %s its dead-letter queue', (queue) => {
    const { name, deadLetterName } = workQueueNames(names, queue);
    const propertiesOf = (wanted: string) => resources.queues.find(({ QueueName }) => QueueName === wanted) as unknown;
    expect(propertiesOf(name)).toMatchObject({ RedrivePolicy: { deadLetterTargetArn: arnOf(deadLetterName) } });
    expect(propertiesOf(deadLetterName)).toMatchObject({
      RedriveAllowPolicy: { redrivePermission: 'byQueue', sourceQueueArns: [arnOf(name)] },
    });
  });

  const listed = WORK_QUEUES.flatMap((queue) =>
    Object.entries<readonly string[]>(QUEUES[queue].rules).map(([rule, events]) => ({ queue, rule, events })),
  );

  it.each(listed)('sends $events to the queue of $queue', ({ queue, rule, events }) => {
    const { name } = workQueueNames(names, queue);
    expect(rules.find(({ Name }) => Name === `local-${rule}`)).toMatchObject({
      EventBusName: names.bus,
      EventPattern: { 'detail-type': events },
      Targets: [{ Arn: arnOf(name), DeadLetterConfig: { Arn: arnOf(names.undeliveredQueue) } }],
    });
  });

  it.each([...WORK_QUEUES, 'undelivered'] as const)('lets only its rules send to the queue of %s', (queue) => {
    const name = queue === 'undelivered' ? names.undeliveredQueue : workQueueNames(names, queue).name;
    const policy = policies.find(({ Queues }) => Queues.includes(name));
    const [statement] = policy?.PolicyDocument.Statement ?? [];
    expect(statement?.Resource).toBe(arnOf(name));
    const own = listed.filter((one) => queue === 'undelivered' || one.queue === queue);
    expect(statement?.Condition.ArnEquals?.['aws:SourceArn']).toEqual(
      own.map(({ rule }) => `arn:aws:events:us-east-1:000000000000:rule/${names.bus}/local-${rule}`),
    );
  });

  it.each(queueNames(names))('refuses requests to %s without TLS', (name) => {
    const policy = policies.find(({ Queues }) => Queues.includes(name));
    expect(policy?.PolicyDocument.Statement.at(-1)).toEqual({
      ...{ Sid: 'TlsOnly', Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: arnOf(name) },
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });
});

describe('Compose', () => {
  type Services = Record<string, { ports?: string[]; build?: { args?: object }; environment?: Record<string, string> }>;
  const servicesIn = (file: string) =>
    (yaml.parse(read(file), { merge: true, logLevel: 'error' }) as { services: Services }).services;
  const composed = servicesIn('compose.yaml');
  const overridden = servicesIn('compose.test.yaml');

  it.each(services)('runs %s on its port, which tests override', (service, { port, portVariable }) => {
    const range = service === 'api-gateway' ? `${port}` : `${port}-${port + 9}`;
    expect(composed[service]?.ports).toEqual([`127.0.0.1:\${${portVariable}:-${range}}:3000`]);
    expect(overridden[service]?.ports).toEqual(['127.0.0.1::3000']);
    expect(read('.env.example')).toContain(`\n${portVariable}=${range}\n`);
  });

  it('tells the live page where all workers are', () => {
    expect(composed['api-gateway']?.environment?.WORKER_URLS).toBe(
      workers.map((worker) => `${worker}=http://${worker}:3000`).join(','),
    );
  });

  it('lets Prometheus scrape every service, and alerts when one is gone', () => {
    const { scrape_configs: jobs } = yaml.parse(read('observability/prometheus/prometheus.yml')) as {
      scrape_configs: { job_name: string }[];
    };
    expect(jobs.map(({ job_name: name }) => name)).toEqual(Object.keys(SERVICES));
    for (const [service] of services) {
      expect(read('observability/prometheus/alerts.yml')).toContain(`absent(up{job="${service}"})`);
    }
  });
});

it('tsc builds every service', () => {
  const { references } = JSON.parse(read('services/tsconfig.json')) as { references: { path: string }[] };
  expect(references.map(({ path }) => path)).toEqual(Object.keys(SERVICES));
});

it.each(Object.keys(SERVICES))('%s is a workspace with a main file', (service) => {
  const { name } = JSON.parse(read(`services/${service}/package.json`)) as { name: string };
  expect(name).toBe(`@orderflow/${service}`);
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { name?: string }> };
  expect(packages[`services/${service}`]).toMatchObject({ name });
  expect(read(`services/${service}/src/main.ts`)).toContain(`'${service}'`);
});

it.each(workers)('%s has a test of the whole worker', (worker) => {
  expect(read(`services/${worker}/src/app.test.ts`)).toContain('describe(');
});

it('every event has a listed source', () => {
  const sources = Object.keys(SERVICES).map((service) => `orderflow.${service}`);
  for (const { source } of EVENT_CLASSES) expect(sources).toContain(source);
});
