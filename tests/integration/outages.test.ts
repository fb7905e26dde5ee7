import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import { createApiClient, orderFor } from '../support/api-client.js';
import { deployAgain, startEmbeddedSystem } from '../support/embedded-system.js';
import { startFaultyNetwork, type FaultyNetwork } from '../support/faulty-network.js';
import type { AwsService } from '../support/faulty-network/aws-json.js';
import type { Fault } from '../support/faulty-network/faults.js';
import type { System } from '../support/system.js';
import { waitFor } from '../support/wait-for.js';

/** What the API may take to answer, and the system to recover, whatever is away. */
const ANSWER_WITHIN_MS = 3_000;
const RECOVER_WITHIN_MS = 10_000;

const FAULTS: Record<string, Fault> = {
  refused: { kind: 'refuse' },
  'black-holed': { kind: 'black-hole' },
  'too slow': { kind: 'delay', ms: 8_000 },
  'answering 500': { kind: 'error-500' },
};
const OUTAGES: AwsService[][] = [['DynamoDB'], ['SQS'], ['EventBridge'], ['DynamoDB', 'SQS', 'EventBridge']];

describe('outages', () => {
  let network: FaultyNetwork;
  let system: System;
  let sqs: SQSClient;
  const api = createApiClient(() => system.apiUrl());
  const names = resourceNames('local');

  beforeAll(async () => {
    system = await startEmbeddedSystem({
      // Long enough to be met in the middle, and no backlog may explain a marker away for longer than a test lasts.
      env: { FULFILMENT_DELAY_MS: '800', QUEUE_GRACE_MS: '500' },
      endpointFor: async (emulatorUrl) => {
        network = await startFaultyNetwork(emulatorUrl);
        return network.url;
      },
    });
    sqs = new SQSClient({
      endpoint: await system.awsEndpoint(),
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  }, 120_000);

  afterAll(async () => {
    sqs.destroy();
    await system.dispose();
    await network.dispose();
  }, 60_000);

  afterEach(() => {
    network.heal();
  });

  async function deadLetters(): Promise<number> {
    const depths = await Promise.all(
      [names.orderDeadLetterQueue, names.notificationDeadLetterQueue].map(async (queue) => {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
        const { Attributes: attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
        );
        return Number(attributes?.ApproximateNumberOfMessages);
      }),
    );
    return depths.reduce((sum, depth) => sum + depth, 0);
  }

  /** Posts an order and tells how the API answered and how long that took. */
  async function tryToOrder(): Promise<{ status: number; tookMs: number; orderId?: string }> {
    const startedAt = Date.now();
    const response = await fetch(`${await system.apiUrl()}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(orderFor('book-1')),
    });
    const { orderId } = (await response.json()) as { orderId?: string };
    return { status: response.status, tookMs: Date.now() - startedAt, ...(orderId === undefined ? {} : { orderId }) };
  }

  /** How often a worker has logged each change of its breaker. */
  async function stateChanges(): Promise<{ paused: number; resumed: number }> {
    const lines = (await system.logs('order-worker')).split('\n');
    const count = (text: string) => lines.filter((line) => line.includes(`"message":"${text}`)).length;
    return { paused: count('paused'), resumed: count('resumed') };
  }

  for (const services of OUTAGES) {
    for (const [description, fault] of Object.entries(FAULTS)) {
      it(`${services.join(', ')} ${description}: the API answers in time, nothing is dead-lettered, all recovers`, async () => {
        // An order in the middle of its work notices whichever service goes away.
        const waiting = await api.createOrder(orderFor('book-1'));
        await api.orderInState(waiting.orderId, 'PROCESSING');
        const before = await stateChanges();
        network.inject(fault, ...services);

        const answers = await Promise.all(Array.from({ length: 3 }, tryToOrder));
        for (const { status, tookMs } of answers) {
          expect(status).toBe(services.includes('DynamoDB') ? 503 : 201);
          expect(tookMs).toBeLessThan(ANSWER_WITHIN_MS);
        }
        // The order worker cannot poll, or cannot work, and says so once.
        await waitFor('the pause', async () => ((await stateChanges()).paused > before.paused ? true : undefined));

        network.heal();
        const accepted = [waiting.orderId, ...answers.flatMap(({ orderId }) => orderId ?? [])];
        await Promise.all(accepted.map((orderId) => api.orderInState(orderId, 'COMPLETED', RECOVER_WITHIN_MS)));
        await waitFor('the resumption', async () => {
          const now = await stateChanges();
          return now.resumed - before.resumed === now.paused - before.paused ? true : undefined;
        });
        expect((await stateChanges()).paused - before.paused).toBe(1);
        expect(await deadLetters()).toBe(0);
      }, 60_000);
    }
  }

  it('an emulator that has lost everything: services say so, stay up, and work again once it is deployed', async () => {
    await fetch(`${await system.awsEndpoint()}/_ministack/reset`, { method: 'POST' });
    await waitFor('the message', async () =>
      (await system.logs('order-worker')).includes('topology missing') ? true : undefined,
    );
    expect((await tryToOrder()).status).toBe(503);
    for (const service of ['order-worker', 'notification-worker'] as const) {
      await waitFor(`${service} noticing`, async () =>
        (await system.logs(service)).includes('topology missing') ? true : undefined,
      );
    }

    await deployAgain(system);
    const { orderId } = await waitFor('an accepted order', async () => {
      const { status, orderId: accepted } = await tryToOrder();
      return status === 201 && accepted !== undefined ? { orderId: accepted } : undefined;
    });
    await api.orderInState(orderId, 'COMPLETED', RECOVER_WITHIN_MS);
  }, 60_000);
});
