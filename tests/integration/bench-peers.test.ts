import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contentHashOf, OrderCompletedEvent } from '@orderflow/contracts';
import { depthOf } from '@orderflow/platform/aws/queues';
import { decodeEvent } from '@orderflow/platform/events/decode';
import { eventually } from '@orderflow/testing/eventually';
import type { Child } from '../../tools/local/children.mjs';
import { readyUrl, spawnService, untilHealthy } from '../../tools/local/embedded.mjs';
import { build } from '../../tools/local/requirements.mjs';
import { orderFor } from '../support/api-client.js';
import { startEmptyEmulator, type Emulator } from '../support/emulator.js';
import { killAtExit } from '../support/kill-at-exit.js';
import { lastingPort } from '../support/lasting-port.js';
import { connectOperator, queueCounts } from '../support/operator.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PEERS = ['straightforward', 'floor'];
const ORDERS = 30;

describe('a peer that the benchmarks compare with', () => {
  let emulator: Emulator;
  let logDir: string;
  let children: Child[] = [];

  beforeAll(async () => {
    logDir = `${await mkdtemp(join(tmpdir(), 'orderflow-'))}/`;
    const compiled = build(
      root,
      PEERS.map((peer) => `bench/peers/${peer}`),
    );
    emulator = await startEmptyEmulator();
    await Promise.all([compiled, ...PEERS.map((peer) => emulator.deploy({ STAGE: peer }))]);
  }, 120_000);

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(({ ended }) => ended));
    children = [];
  });

  afterAll(async () => {
    await emulator.dispose();
    await rm(logDir, { recursive: true, force: true });
  });

  async function start(peer: string, part: 'api' | 'worker') {
    const port = await lastingPort();
    const service = part === 'api' ? 'api-gateway' : 'order-worker';
    const child = spawnService({ root, logDir }, service, {
      port,
      emulatorUrl: emulator.url,
      credentials: emulator.credentials,
      env: { STAGE: peer, SQS_WAIT_TIME_SECONDS: '1' },
      name: `${peer}-${part}`,
      main: `bench/peers/${peer}/dist/${part}.js`,
    });
    children.push(child);
    killAtExit(child);
    await untilHealthy(readyUrl(port), child);
    return { child, port };
  }

  it.each(PEERS)(
    '%s completes every order once, publishes it, and drains',
    async (peer) => {
      const system = await connectOperator(emulator.url, peer);
      const { aws, names } = system;
      const [api, worker] = await Promise.all([start(peer, 'api'), start(peer, 'worker')]);
      const post = (body: object) =>
        fetch(`http://127.0.0.1:${api.port}/api/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });

      const accepted = await Promise.all(
        Array.from({ length: ORDERS }, async () => {
          const response = await post(orderFor('book-1'));
          const { orderId } = (await response.json()) as { orderId: string };
          return { status: response.status, location: response.headers.get('location'), orderId };
        }),
      );
      for (const { status, orderId, location } of accepted) {
        expect({ status, location }).toEqual({ status: 201, location: `/api/orders/${orderId}` });
      }
      expect((await post({ items: [] })).status).toBe(400);

      const stored = await eventually(async () => {
        const { Items: items = [] } = await aws.dynamo.send(new ScanCommand({ TableName: names.ordersTable }));
        return items.every(({ status }) => status === 'COMPLETED') ? items : undefined;
      }, `${ORDERS} orders completed`);
      expect(stored.map(({ orderId }) => String(orderId)).sort()).toEqual(
        accepted.map(({ orderId }) => orderId).sort(),
      );
      expect(stored.map(({ effects }) => effects as number)).toEqual(Array.from({ length: ORDERS }, () => 1));

      const depth = async (queue: string) => depthOf(await queueCounts(system, queue));
      await eventually(async () => (await depth(names.notificationQueue)) === ORDERS, 'the outcomes routed');
      const QueueUrl = await system.urlOf(names.notificationQueue);
      const { Messages: messages = [] } = await aws.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      expect(messages).not.toEqual([]);
      for (const { Body: body = '' } of messages) {
        expect(decodeEvent(body, { classes: [OrderCompletedEvent], contentHashOf }).event.data.customerId).toBe(
          'customer-1',
        );
      }

      for (const { child } of [api, worker]) child.kill('SIGTERM');
      expect(await Promise.all([api.child.ended, worker.child.ended])).toEqual([0, 0]);
      // Every handled message has been deleted.
      expect(await depth(names.orderQueue)).toBe(0);
      aws.close();
    },
    60_000,
  );
});
