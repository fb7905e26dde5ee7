/** A system that has had orders and failures exports every metric and label that dashboards and alerts use. */
import { readFileSync } from 'node:fs';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { samplesOf, valueOf } from '@orderflow/testing/samples';
import { eventually } from '@orderflow/testing/eventually';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { createApiClient, orderFor } from '../support/api-client.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { startFaultyNetwork, type FaultyNetwork } from '../support/faulty-network.js';
import { alertQueries, dashboardQueries, scrapeJobs } from '../support/observability.js';
import { connectOperator, queueCounts } from '../support/operator.js';
import { AWAY } from '../support/outages.js';
import { missingFor, selectorsOf } from '../support/promql.js';

const QUERIES = [...dashboardQueries(), ...alertQueries()];

describe('the metrics of a system', () => {
  let network: FaultyNetwork;
  let system: EmbeddedSystem;
  let samples: ReturnType<typeof samplesOf>;
  const scrapes: Partial<Record<(typeof SERVICE_NAMES)[number], string>> = {};
  const api = createApiClient(() => system.apiUrl());

  async function scrape(service: (typeof SERVICE_NAMES)[number]): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${system.instances(service)[0]!.port}/metrics`);
    expect(response.status).toBe(200);
    return response.text();
  }

  async function sendDeadLetter(): Promise<void> {
    const operator = await connectOperator(await system.awsEndpoint(), system.stage);
    const { aws, names, urlOf } = operator;
    await aws.sqs.send(
      new SendMessageCommand({ QueueUrl: await urlOf(names.orderQueue), MessageBody: 'this is not JSON' }),
    );
    await eventually(
      async () => (await queueCounts(operator, names.orderDeadLetterQueue)).visible > 0,
      'the dead letter',
    );
    aws.close();
  }

  beforeAll(async () => {
    system = await startEmbeddedSystem({
      endpointFor: async (emulatorUrl) => {
        network = await startFaultyNetwork(emulatorUrl);
        return network.url;
      },
    });
    const orders = await Promise.all(
      ['book-1', 'test-out-of-stock', 'test-fails-1-times'].map((product) => api.createOrder(orderFor(product))),
    );
    await Promise.all(
      orders.map(({ orderId }, index) => api.orderInState(orderId, index === 1 ? 'FAILED' : 'COMPLETED')),
    );
    await sendDeadLetter();
    const [fault] = Object.values(AWAY);
    network.inject(fault!, 'DynamoDB');
    await expect(api.createOrder(orderFor('book-1'))).rejects.toThrow('answered 503');
    for (const service of SERVICE_NAMES) scrapes[service] = await scrape(service);
    samples = SERVICE_NAMES.flatMap((job) =>
      samplesOf(scrapes[job]!).map(({ labels, ...sample }) => ({
        ...sample,
        labels: { ...labels, job, instance: job },
      })),
    );
    // Prometheus adds this one itself.
    for (const job of scrapeJobs()) samples.push({ name: 'up', labels: { job, instance: job }, value: 1 });
  }, 120_000);

  afterAll(async () => {
    await system.dispose();
    await network.dispose();
  }, 60_000);

  it('exist for every query of the dashboards and alerts', () => {
    expect(QUERIES.length).toBeGreaterThan(30);
    const missing = QUERIES.map(({ where, expression }) => ({ where, missing: missingFor(expression, samples) }));
    expect(missing.filter((query) => query.missing.length > 0)).toEqual([]);
  });

  it('have the labels that legends use', () => {
    const wrong = QUERIES.flatMap(({ where, expression, legend = '' }) => {
      const metrics = new Set(selectorsOf(expression).map(({ metric }) => metric));
      const known = new Set(samples.flatMap(({ name, labels }) => (metrics.has(name) ? Object.keys(labels) : [])));
      const named = [...legend.matchAll(/{{(\w+)}}/g)].map(([, label]) => label!);
      return named.filter((label) => !known.has(label)).map((label) => `${where}: ${label}`);
    });
    expect(wrong).toEqual([]);
  });

  it('come from the services that Prometheus scrapes', () => {
    expect(scrapeJobs().sort()).toEqual([...SERVICE_NAMES].sort());
    for (const service of SERVICE_NAMES) expect(valueOf(scrapes[service]!, 'build_info', { service })).toBe(1);
  });

  it('count orders, deliveries and dead letters', () => {
    const created = valueOf(scrapes['api-gateway']!, 'order_created_total');
    const failed = valueOf(scrapes['order-worker']!, 'order_accept_to_terminal_seconds_count', { status: 'FAILED' });
    const outcomeOf = (outcome: string) => valueOf(scrapes['order-worker']!, 'messages_total', { outcome });
    expect({ created, failed }).toEqual({ created: 3, failed: 1 });
    // On a busy machine, timeouts add retries.
    for (const outcome of ['retry', 'dead-lettered']) expect(outcomeOf(outcome)).toBeGreaterThan(0);
    for (const [service, operation] of [
      ['DynamoDB', 'BatchExecuteStatement'],
      ['EventBridge', 'PutEvents'],
      ['SQS', 'ReceiveMessage'],
      ['SQS', 'DeleteMessageBatch'],
    ] as const) {
      expect(
        valueOf(scrapes['order-worker']!, 'aws_requests_total', { service, operation, result: 'ok' }),
      ).toBeGreaterThan(0);
      expect(valueOf(scrapes['order-worker']!, 'batch_size_count', { operation })).toBeGreaterThan(0);
    }
  });

  it('are described in docs/metrics.md, with their labels', () => {
    const document = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const rows = [...document.matchAll(/^\| `(\w+)` +\| (?:counter|gauge|histogram) +\| ([^|]*)\|/gm)];
    const described = rows.map(([, name = '', labels = '']) => [name, labels.match(/\w+/g)?.sort() ?? []] as const);
    const measured = new Map<string, string[]>();
    for (const { name, labels } of samples) {
      if (name === 'up' || /^(process|nodejs)_/.test(name)) continue;
      const metric = name.replace(/_(bucket|sum|count)$/, '');
      const own = Object.keys(labels).filter((label) => !['le', 'job', 'instance'].includes(label));
      measured.set(metric, own.sort());
    }
    expect(Object.fromEntries(described)).toEqual(Object.fromEntries(measured));
  });

  it('have a bounded number of values per label', () => {
    const series = new Map<string, number>();
    for (const { name } of samples.filter((sample) => !sample.name.endsWith('_bucket'))) {
      series.set(name, (series.get(name) ?? 0) + 1);
    }
    expect([...series].filter(([, count]) => count > 60)).toEqual([]);
  });
});
