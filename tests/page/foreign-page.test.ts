/** Pages of other origins can do nothing to a system on MiniStack. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { queueNames } from '@orderflow/contracts';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { eventually } from '@orderflow/testing/eventually';
import { createApiClient, orderFor } from '../support/api-client.js';
import { emulatorAttack } from '../support/emulator-attack.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { startEmptyEmulator, type Emulator } from '../support/emulator.js';
import { ATTACKERS, startForeignPages, type Attack, type ForeignPages } from '../support/foreign-page.js';
import { connectOperator, queueCounts } from '../support/operator.js';

jest.setTimeout(90_000);

const order = JSON.stringify(orderFor('book-1'));
const apiAttack = (orderId: string): Attack => ({
  reads: [
    ...[
      '/',
      '/page/main.js',
      '/page/page.css',
      '/page/icon.svg',
      '/docs',
      '/openapi.json',
      '/metrics',
      '/health/ready',
    ],
    ...['/api/orders', `/api/orders/${orderId}`, '/api/dead-letters', '/api/system'],
    ...[`/api/orders/${orderId}/events`, '/api/system/events'],
  ],
  writes: [
    { path: '/api/orders', body: order, type: 'application/json' },
    { path: '/api/orders', body: order, type: 'text/plain' },
    { path: '/api/notifications', body: '{}', type: 'application/json' },
    { path: '/api/orders', body: order, type: 'application/json', method: 'PUT' },
  ],
});
const WORKER_ATTACK: Attack = {
  reads: ['/health/ready', '/health/live', '/metrics'],
  writes: [{ path: '/health/live', body: '{}', type: 'text/plain' }],
};

/** The child processes of a process. */
function childrenOf(pid: number): string {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

describe('a page of another origin', () => {
  let folder: string;
  let emulator: Emulator;
  let system: EmbeddedSystem;
  let operator: ConnectedSystem;
  let pages: ForeignPages;
  let orderId: string;
  const cleanUps: (() => unknown)[] = [];
  const api = createApiClient(() => system.apiUrl());

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderflow-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    pages = await startForeignPages();
    cleanUps.push(pages.close);
    emulator = await startEmptyEmulator();
    cleanUps.push(() => emulator.dispose());
    system = await startEmbeddedSystem({ emulator });
    cleanUps.push(() => system.dispose());
    operator = await connectOperator(emulator.url, system.stage);
    cleanUps.push(operator.aws.close);
    ({ orderId } = await api.createOrder(orderFor('book-1')));
    await api.orderInState(orderId, 'COMPLETED');
    const QueueUrl = await operator.urlOf(operator.names.undeliveredQueue);
    await operator.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'nobody receives this' }));
    await nothingUnderWay();
  }, 120_000);

  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }, 60_000);

  async function state() {
    const { names, aws } = operator;
    const tables = [names.ordersTable, names.notificationsTable];
    const items = await Promise.all(tables.map((TableName) => aws.dynamo.send(new ScanCommand({ TableName }))));
    const queues = queueNames(names);
    return {
      items: items.map(({ Items }) => Items),
      queues: await Promise.all(queues.map(async (queue) => [queue, await queueCounts(operator, queue)])),
      processes: 'pid' in emulator.process ? childrenOf(emulator.process.pid) : '',
      files: await readdir(folder),
    };
  }

  /** Orders and notifications have ended, and all their events are published. */
  async function nothingUnderWay(): Promise<void> {
    const isDone = ({ items: [orders = [], notifications = []] }: Awaited<ReturnType<typeof state>>) =>
      orders.length > 0 &&
      notifications.length === orders.length &&
      [...orders, ...notifications].every(({ outboxAt }) => outboxAt === undefined);
    await eventually(async () => {
      const before = await state();
      return isDone(before) && isDeepStrictEqual(await state(), before);
    }, 'nothing under way');
  }

  async function targets(): Promise<[url: string, attack: Attack][]> {
    const workers = system.instances().filter(({ service }) => service !== 'api-gateway');
    const queueUrl = await operator.urlOf(operator.names.undeliveredQueue);
    return [
      [await system.apiUrl(), apiAttack(orderId)],
      ...workers.map(({ port }): [string, Attack] => [`http://127.0.0.1:${port}`, WORKER_ATTACK]),
      [emulator.url, emulatorAttack({ queueUrl, table: operator.names.ordersTable, file: join(folder, 'evil') })],
    ];
  }

  it.each(ATTACKERS)('reads nothing and changes nothing from %s', async (attacker) => {
    const before = await state();
    for (const [url, what] of await targets()) {
      const { loot, answers } = await pages.attack(attacker, url, what);
      expect({ url, loot }).toEqual({ url, loot: [] });
      expect(answers.length).toBeGreaterThan(0);
      const served = answers.filter(({ status }) => status < 400);
      const isWanted = ({ method, path }: { method: string; path: string }) =>
        url !== emulator.url && attacker !== 'a rebound name' && method === 'GET' && !path.endsWith('/events');
      expect(served.filter((answer) => !isWanted(answer))).toEqual([]);
    }
    expect(await state()).toEqual(before);
    // All targets still work.
    const { orderId: another } = await api.createOrder(orderFor('book-1'));
    await api.orderInState(another, 'COMPLETED');
    await nothingUnderWay();
  });
});
