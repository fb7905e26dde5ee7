/** The images under Compose. They are one file, because building and starting the system takes minutes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { eventually } from '@orderflow/testing/eventually';
import { forDocker } from '../../tools/local/environment.mjs';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { createApiClient, orderFor } from '../support/api-client.js';
import { startComposeSystem } from '../support/compose-system.js';
import { HARDENED, inspectContainer, leaksIn } from '../support/hardening.js';
import { alertQueries } from '../support/observability.js';
import { connectOperator, queueCounts } from '../support/operator.js';
import { compileOps } from '../support/orderctl.js';
import type { PolicyGate } from '../support/policy-gate/gate.js';
import { startGateForContainers } from '../support/policy-gate/gate-for-containers.js';

// Each test waits for a whole system.
jest.setTimeout(60_000);

const FULFILMENT_DELAY_MS = 1_500;

describe('the system on Compose', () => {
  let system: Awaited<ReturnType<typeof startComposeSystem>>;
  /** Between the services and LocalStack. */
  let gate: PolicyGate;
  let operator: ConnectedSystem;
  const cleanUp: (() => unknown)[] = [];
  const api = createApiClient(() => system.apiUrl());

  beforeAll(async () => {
    await compileOps();
    const started = await startGateForContainers('local');
    gate = started.gate;
    cleanUp.push(() => gate.dispose());
    system = await startComposeSystem({ ...started.variables, FULFILMENT_DELAY_MS: String(FULFILMENT_DELAY_MS) });
    cleanUp.push(() => system.dispose());
    operator = await connectOperator(await system.awsEndpoint());
    cleanUp.push(operator.aws.close);
  }, 600_000);

  afterAll(async () => {
    for (const undo of cleanUp.reverse()) await undo();
  }, 60_000);

  it('has every container healthy', async () => {
    const containers = await system.containers();
    expect(containers.map(({ Service, State, Health }) => `${Service} ${Health || State}`).sort()).toEqual(
      [...SERVICE_NAMES, 'localstack']
        .map((service) => `${service} healthy`)
        .concat('topology exited')
        .sort(),
    );
    expect(containers.find(({ Service }) => Service === 'topology')?.ExitCode).toBe(0);
  });

  it('confines its containers, and publishes ports on this machine only', async () => {
    for (const { ID: id, Service: service, State: state } of await system.containers()) {
      if (state !== 'running') continue;
      const hardening = await inspectContainer(id);
      if (service === 'localstack') expect(hardening.publishedOn).toEqual(HARDENED.publishedOn);
      else expect({ service, ...hardening }).toEqual({ service, ...HARDENED });
    }
  });

  it('completes an order, and sends its notification', async () => {
    const { orderId } = await api.createOrder(orderFor('book-1'));
    const order = await api.orderInState(orderId, 'COMPLETED');
    expect(order).toMatchObject({ orderId, totalAmount: 12.5, version: 3 });
    const notification = await eventually(
      async () => (await api.notificationsOf(orderId)).items[0],
      'its notification',
    );
    await api.notificationInState(notification.notificationId, 'SENT');
  });

  it('ends an order that cannot be fulfilled as FAILED, with the reason', async () => {
    const { orderId } = await api.createOrder(orderFor('test-out-of-stock'));
    const order = await api.orderInState(orderId, 'FAILED');
    expect(order.failure).toMatchObject({ code: 'OUT_OF_STOCK', retriable: false });
  });

  it('sends a notification that a client requests', async () => {
    const { orderId } = await api.createOrder(orderFor('book-1'));
    const { notificationId, status } = await api.createNotification({ orderId, channel: 'SMS', message: 'On its way' });
    expect(status).toBe('PENDING');
    const sent = await api.notificationInState(notificationId, 'SENT');
    expect(sent.sentAt).toBeDefined();
  });

  it.each([
    ['tools/demo.mjs', /An order at (\S+)/],
    ['tools/orderctl/dist/main.js status', /Using \S+ \(Compose project .*Nothing needs attention/s],
    ['tools/orderctl/dist/main.js audit', /Everything adds up/],
    ['tools/orderctl/dist/main.js send --count 1 --wait', /1 completed, 0 failed/],
    ['tools/doctor.mjs', /Port of api-gateway +\d+, held by this system.*, 0 failed/s],
  ])(
    'is found by %s on any ports',
    async (tool, said) => {
      const { COMPOSE_PROJECT_NAME } = system.environment;
      const env = { ...forDocker(process.env), ORDERFLOW_LOCAL_DIR: '/no/such/folder', COMPOSE_PROJECT_NAME };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--no-warnings', ...tool.split(' ')], {
        env,
      });
      expect(stderr + stdout).toMatch(said);
    },
    60_000,
  );

  it("keeps secrets and customers' texts out of its logs and health reports", async () => {
    const canaries = { 'a notification text': 'canary-message-7f3a', 'a product name': 'canary-product-7f3a' };
    const { orderId } = await api.createOrder(orderFor('book-1', canaries['a product name']));
    const message = canaries['a notification text'];
    const { notificationId } = await api.createNotification({ orderId, channel: 'PUSH', message });
    await api.orderInState(orderId, 'COMPLETED');
    await api.notificationInState(notificationId, 'SENT');

    const health = await (await fetch(`${await system.apiUrl()}/health`)).text();
    expect(leaksIn(health, canaries)).toEqual([]);
    for (const service of SERVICE_NAMES) {
      expect({ service, leaks: leaksIn(await system.logs(service), canaries) }).toEqual({ service, leaks: [] });
    }
  });

  it('is scraped by Prometheus with its alert rules, beside Jaeger', async () => {
    const prometheus = await system.startObserver('prometheus');
    await system.startObserver('jaeger');

    type Targets = { data: { activeTargets: { labels: { job: string }; health: string }[] } };
    const ask = async <T>(path: string) => (await (await fetch(`${prometheus}/api/v1/${path}`)).json()) as T;
    const up = SERVICE_NAMES.map((service) => `${service} up`).sort();
    await eventually(
      async () => {
        const { activeTargets } = (await ask<Targets>('targets')).data;
        expect(activeTargets.map(({ labels, health }) => `${labels.job} ${health}`).sort()).toEqual(up);
        return true;
      },
      'every target up',
      60_000,
    );
    type Rules = { data: { groups: { rules: { name: string; health: string }[] }[] } };
    const rules = await eventually(async () => {
      const { data } = await ask<Rules>('rules');
      const all = data.groups.flatMap((group) => group.rules);
      return all.every(({ health }) => health !== 'unknown') ? all : undefined;
    }, 'every rule evaluated');
    expect(rules.map(({ name, health }) => `${name} ${health}`)).toEqual(
      alertQueries().map(({ where: name }) => `${name} ok`),
    );

    const containers = await system.containers();
    for (const { ID: id } of containers.filter(({ Service }) => Service === 'prometheus' || Service === 'jaeger')) {
      const hardening = await inspectContainer(id);
      expect(hardening.uid).not.toBe(0);
      expect(hardening).toEqual({ ...HARDENED, uid: hardening.uid });
    }
  }, 120_000);

  it('dead-letters a message that is not JSON, with the reason', async () => {
    const { aws, names, urlOf } = operator;
    const queueUrl = await urlOf(names.orderQueue);
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'this is not JSON' }));
    const deadLetterUrl = await urlOf(names.orderDeadLetterQueue);
    const dead = await eventually(async () => {
      const { Messages: messages = [] } = await aws.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: deadLetterUrl, MessageAttributeNames: ['All'], WaitTimeSeconds: 1 }),
      );
      return messages[0];
    }, 'the dead letter');
    expect(dead.Body).toBe('this is not JSON');
    expect(dead.MessageAttributes?.code?.StringValue).toBe('NOT_JSON');
  });

  it('completes an order once even if its worker is killed during the work', async () => {
    const { orderId } = await api.createOrder(orderFor('book-1'));
    await api.orderInState(orderId, 'PROCESSING');
    await system.kill('order-worker');
    expect((await api.order(orderId)).status).toBe('PROCESSING');

    await system.start('order-worker');
    await api.orderInState(orderId, 'COMPLETED', 30_000);
    // The marker is removed when the customer's notification is stored.
    const item = await eventually(async () => {
      const key = { TableName: operator.names.ordersTable, Key: { orderId } };
      const { Item: found } = await operator.aws.dynamo.send(new GetCommand(key));
      return found && !('outboxAt' in found) ? found : undefined;
    }, 'the confirmation');
    expect(item).toMatchObject({ effects: 1, status: 'COMPLETED' });
  }, 60_000);

  it('drains on SIGTERM: every service exits 0 and nothing is left in flight', async () => {
    const accepted = await Promise.all(Array.from({ length: 30 }, () => api.createOrder(orderFor('book-1'))));
    await Promise.any(accepted.map(({ orderId }) => api.orderInState(orderId, 'PROCESSING')));

    const startedAt = performance.now();
    expect(await system.stop(...SERVICE_NAMES)).toEqual(SERVICE_NAMES.map(() => 0));
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    for (const queue of [operator.names.orderQueue, operator.names.notificationQueue])
      expect((await queueCounts(operator, queue)).inFlight).toBe(0);

    await system.start(...SERVICE_NAMES);
    await Promise.all(accepted.map(({ orderId }) => api.orderInState(orderId, 'COMPLETED', 30_000)));
    expect(await system.stop('localstack')).toEqual([0]);
  }, 90_000);

  it("needs no more than the template's policies for all of this", () => {
    expect(gate.unmapped()).toEqual([]);
    expect(gate.refusals().map(({ message }) => message)).toEqual([]);
    const used = SERVICE_NAMES.map((name) => gate.rulesOf(name).length - gate.unused(name).length);
    expect(Math.min(...used)).toBeGreaterThan(10);
  });
});
