import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { askReadiness } from '@orderflow/platform/health/ask-readiness';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { eventually } from '@orderflow/testing/eventually';
import type { AwsRequest, AwsService } from '../support/faulty-network/aws-json.js';
import type { Fault } from '../support/faulty-network/faults.js';
import { createApiClient, orderFor } from '../support/api-client.js';
import { deleteTopology, deployAgain, startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { startFaultyNetwork, type FaultyNetwork } from '../support/faulty-network.js';
import { ANSWER_WITHIN_MS, AWAY, countDeadLetters, OUTAGES, RECOVER_WITHIN_MS } from '../support/outages.js';
import { connectOperator } from '../support/operator.js';

const WORKERS = ['order-worker', 'notification-worker'] as const;
type Worker = (typeof WORKERS)[number];

/** What only the order worker may do to an order. */
const CLAIM = /^UPDATE "[\w-]+-orders" .*"claimToken" = \?/;

describe('outages', () => {
  let network: FaultyNetwork;
  let system: EmbeddedSystem;
  let operator: ConnectedSystem;
  const api = createApiClient(() => system.apiUrl());

  beforeAll(async () => {
    system = await startEmbeddedSystem({
      // Long enough for an outage in the middle of the work. A backlog may not delay the sweeper beyond the test.
      env: { FULFILMENT_DELAY_MS: '800', QUEUE_GRACE_MS: '500' },
      endpointFor: async (emulatorUrl) => {
        network = await startFaultyNetwork(emulatorUrl);
        return network.url;
      },
    });
    operator = await connectOperator(await system.awsEndpoint(), system.stage);
  }, 120_000);

  afterAll(async () => {
    operator.aws.close();
    await system.dispose();
    await network.dispose();
  }, 60_000);

  afterEach(() => {
    network.heal();
  });

  /** Posts an order; returns the API's answer and how long it took. */
  async function tryToOrder(): Promise<{ status: number; tookMs: number; orderId?: string }> {
    const startedAt = performance.now();
    const response = await fetch(`${await system.apiUrl()}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(orderFor('book-1')),
    });
    const { orderId } = (await response.json()) as { orderId?: string };
    return {
      status: response.status,
      tookMs: performance.now() - startedAt,
      orderId,
    };
  }

  /** How often a worker has logged each change of its breaker. */
  async function stateChanges(worker: Worker = 'order-worker'): Promise<{ paused: number; resumed: number }> {
    const lines = (await system.logs(worker)).split('\n');
    const count = (text: string) => lines.filter((line) => line.includes(`"message":"${text}`)).length;
    return { paused: count('paused'), resumed: count('resumed') };
  }

  /**
   * Begins an outage while the worker runs and has an order in work, which notices the outage of every service. On a busy
   * machine an order can be completed before the outage begins; then another one is tried.
   */
  async function loseWhileWorking(fault: Fault, services: AwsService[]) {
    return eventually(async () => {
      const { orderId } = await api.createOrder(orderFor('book-1'));
      await eventually(async () => (await api.order(orderId)).status !== 'PENDING', 'the start of the work');
      const before = await stateChanges();
      network.inject(fault, ...services);
      // The operator does not go through the network.
      const read = new GetCommand({ TableName: operator.names.ordersTable, Key: { orderId }, ConsistentRead: true });
      const { Item: order } = await operator.aws.dynamo.send(read);
      if (order?.status === 'PROCESSING' && before.paused === before.resumed) return { orderId, before };
      network.heal();
      return undefined;
    }, 'an outage while an order is in work');
  }

  for (const services of OUTAGES) {
    for (const [description, fault] of Object.entries(AWAY)) {
      it(`${services.join(', ')} ${description}: the API answers in time, nothing is dead-lettered, all recovers`, async () => {
        const { orderId, before } = await loseWhileWorking(fault, services);

        const answers = await Promise.all(Array.from({ length: 3 }, tryToOrder));
        for (const { status, tookMs } of answers) {
          expect(status).toBe(services.includes('DynamoDB') ? 503 : 201);
          expect(tookMs).toBeLessThan(ANSWER_WITHIN_MS);
        }
        // The order worker cannot poll or cannot work, and logs that once.
        await eventually(async () => (await stateChanges()).paused > before.paused, 'the pause');

        network.heal();
        const accepted = [orderId, ...answers.flatMap((answer) => answer.orderId ?? [])];
        await Promise.all(accepted.map((id) => api.orderInState(id, 'COMPLETED', RECOVER_WITHIN_MS)));
        await eventually(async () => {
          const now = await stateChanges();
          return now.resumed - before.resumed === now.paused - before.paused;
        }, 'the resumption');
        // A call that was under way when the outage ended may pause the worker once more.
        expect((await stateChanges()).paused - before.paused).toBeLessThanOrEqual(2);
        expect(await countDeadLetters(operator)).toBe(0);
      }, 60_000);
    }
  }

  it('a missing permission: the log and readiness name it, no attempt is used up, and the same process recovers', async () => {
    const [worker] = system.instances('order-worker');
    if (!worker) throw new Error('no order worker runs');
    const pid = worker.pid();
    const url = `http://127.0.0.1:${worker.port}`;
    const table = `${system.stage}-orders`;
    const isClaim = ({ Statements: statements }: AwsRequest) =>
      (statements as { Statement: string }[]).some(({ Statement: text }) => CLAIM.test(text));
    network.add({ kind: 'deny', service: 'DynamoDB', operation: 'BatchExecuteStatement', match: isClaim });
    const deniedBefore = network.applied().get('deny') ?? 0;
    const { orderId } = await api.createOrder(orderFor('book-1'));

    const policy = `${system.stage}-order-worker-us-east-1`;
    const line = await eventually(async () => {
      const lines = (await worker.logs()).split('\n');
      return lines.find((text) => text.includes('"message":"a permission is missing"'));
    }, 'the log line');
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      action: 'dynamodb:PartiQLUpdate',
      resource: table,
      policy,
    });
    // Repeated in the process, and not received again.
    await eventually(async () => (network.applied().get('deny') ?? 0) >= deniedBefore + 3, 'three denied calls');
    const readiness = await askReadiness(url, 2_000);
    expect(readiness).toEqual({
      status: 'not ready',
      reason: `permissions: not allowed: dynamodb:PartiQLUpdate on ${table} (policy ${policy})`,
    });
    expect((await api.order(orderId)).status).toBe('PENDING');

    network.heal();
    await api.orderInState(orderId, 'COMPLETED', RECOVER_WITHIN_MS);
    await eventually(async () => (await askReadiness(url, 2_000)).status === 'ready', 'readiness');
    const deliveries = (await worker.logs()).split('\n').filter((text) => text.includes(`"orderId":"${orderId}"`));
    expect(deliveries.map((text) => JSON.parse(text) as object)).toMatchObject([{ message: 'processed', attempt: 1 }]);
    expect(worker.pid()).toBe(pid);
    expect(worker.ends).toEqual([]);
    expect((await worker.logs()).split('"message":"a permission is missing"')).toHaveLength(2);
    expect(await countDeadLetters(operator)).toBe(0);
  }, 60_000);

  /** Removes the topology, expects all services to report it, deploys it again and places orders. */
  async function loseEverything(whenLost: () => void = () => undefined): Promise<void> {
    const alreadySaid = new Map(
      await Promise.all(WORKERS.map(async (service) => [service, (await system.logs(service)).length] as const)),
    );
    await deleteTopology(system);
    whenLost();
    for (const service of WORKERS) {
      await eventually(
        async () => (await system.logs(service)).slice(alreadySaid.get(service)).includes('topology missing'),
        `${service} noticing`,
      );
    }
    expect((await tryToOrder()).status).toBe(503);

    await deployAgain(system);
    const { orderId } = await eventually(async () => {
      const { status, orderId: accepted } = await tryToOrder();
      return status === 201 && accepted !== undefined ? { orderId: accepted } : undefined;
    }, 'an accepted order');
    await api.orderInState(orderId, 'COMPLETED', RECOVER_WITHIN_MS);
  }

  it('an emulator that has lost everything: services report it, stay up, and resume once it is deployed', async () => {
    await loseEverything();
  }, 60_000);

  it('an emulator that recovers without its topology: paused workers report it, too', async () => {
    // A worker that is still paused from the test before would not log another pause.
    const before = await eventually(async () => {
      const now = await Promise.all(WORKERS.map((worker) => stateChanges(worker)));
      return now.every(({ paused, resumed }) => paused === resumed) ? now : undefined;
    }, 'both resumptions');
    network.inject(AWAY.refused ?? { kind: 'refuse' }, 'DynamoDB', 'SQS', 'EventBridge');
    await eventually(async () => {
      const now = await Promise.all(WORKERS.map((worker) => stateChanges(worker)));
      return now.every(({ paused }, index) => paused > (before[index]?.paused ?? 0));
    }, 'both pauses');
    await loseEverything(() => {
      network.heal();
    });
  }, 60_000);
});
