import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Order } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { createApiClient, orderFor } from '../support/api-client.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { startEmptyEmulator, type Emulator } from '../support/emulator.js';
import { startFaultyNetwork, type FaultyNetwork } from '../support/faulty-network.js';
import { connectOperator } from '../support/operator.js';
import { compileOps, endOps, ops, startOps } from '../support/orderctl.js';
import { order, put } from '../support/orders.js';

// Neither stream is a terminal.
const ESCAPE = '\u001b';

beforeAll(compileOps, 120_000);

afterEach(endOps);

describe('with a running system', () => {
  let emulator: Emulator;
  let network: FaultyNetwork;
  let running: EmbeddedSystem;
  const api = createApiClient(() => running.apiUrl());
  const endpoint = () => ['--endpoint', network.url];

  beforeAll(async () => {
    emulator = await startEmptyEmulator();
    // Long enough for the test to see the order in progress.
    const envOf = { 'order-worker': { FULFILMENT_DELAY_MS: '1500' } };
    running = await startEmbeddedSystem({ emulator, envOf });
    network = await startFaultyNetwork(emulator.url);
  }, 180_000);

  afterAll(async () => {
    await network.dispose();
    await running.dispose();
    await emulator.dispose();
  }, 60_000);

  afterEach(async () => {
    network.heal();
    await running.start('order-worker');
  }, 60_000);

  it('order shows the life of an order, and reports an unknown one', async () => {
    const { orderId } = await api.createOrder(orderFor('test-fails-1-times'));
    await api.orderInState(orderId, 'COMPLETED');
    const known = await ops('order', orderId.toUpperCase(), ...endpoint());
    expect(known).toMatchObject({ exitCode: 0, stderr: '' });
    const steps = [...known.stdout.matchAll(/Z +\+[\d.]+ m?s +(\S+) +(\S+)/g)].map(
      ([, step, subject]) => `${subject} ${step}`,
    );
    expect(steps.filter((step) => step.startsWith('order '))).toEqual(
      ['accepted', 'sent', 'received', 'retried', 'received', 'completed'].map((step) => `order ${step}`),
    );
    expect(known.stdout).toContain('status        COMPLETED');
    expect(known.stdout).not.toContain(ESCAPE);

    const json = await ops('order', orderId, '--json', ...endpoint());
    expect(JSON.parse(json.stdout)).toMatchObject({
      order: { orderId, status: 'COMPLETED' },
      steps: expect.any(Array),
    });

    const unknown = await ops('order', randomUUID(), ...endpoint());
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unknown.stderr).toMatch(/^There is no order .* in stage local\.\n$/);
    expect(await ops('order', 'order-7', ...endpoint())).toMatchObject({ exitCode: 2, stdout: '' });
  }, 60_000);

  it('order replay starts an order that was given up, with options in any position', async () => {
    const system = await connectOperator(emulator.url);
    const { outboxAt: _at, outboxShard: _shard, ...item } = order();
    const failure = { code: 'UNDELIVERED', message: 'No worker finished it.', retriable: true };
    await put(system, { ...item, status: 'FAILED', version: 3, effects: 1, failure });
    const looked = await ops('order', 'replay', '--code', 'UNDELIVERED', '--dry-run', '--json', ...endpoint());
    expect(looked).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(looked.stdout)).toMatchObject({ result: 'would-replay', id: item.orderId });

    const replayed = await ops('order', 'replay', item.orderId, ...endpoint());
    expect(replayed).toMatchObject({ exitCode: 0, stderr: '1 replayed, 0 refused\n' });
    await api.orderInState(item.orderId, 'COMPLETED');
    const again = await ops('order', ...endpoint(), 'replay', item.orderId);
    expect(again.exitCode).toBe(1);
    expect(again.stdout).toContain('it is COMPLETED; only a FAILED item can be started again');
    expect(await ops('order', 'replay', 'order-7', ...endpoint())).toMatchObject({ exitCode: 2, stdout: '' });
    const unknown = await ops('notification', 'replay', randomUUID(), ...endpoint());
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stdout).toContain('there is no notification with this id');
    system.aws.close();
  }, 60_000);

  it('tail shows an order in each of its states, and continues after an outage', async () => {
    const tail = startOps(['tail', '--json', ...endpoint()]);
    await running.stop('order-worker');
    const { orderId } = await api.createOrder(orderFor('book-1'));
    const statuses = (id: string) => [
      ...new Set(tail.documents<Order>().flatMap((seen) => (seen.orderId === id ? [seen.status] : []))),
    ];
    await tail.says(`${orderId}.*PENDING`);
    await running.start('order-worker');
    await tail.says(`${orderId}.*COMPLETED`);
    expect(statuses(orderId)).toEqual(['PENDING', 'PROCESSING', 'COMPLETED']);

    network.inject({ kind: 'refuse' }, 'DynamoDB');
    await tail.says('cannot be reached');
    const meanwhile = await api.createOrder(orderFor('book-1'));
    await api.orderInState(meanwhile.orderId, 'COMPLETED');
    network.heal();
    await tail.says(`${meanwhile.orderId}.*COMPLETED`);
    expect(tail.stderr()).toMatch(/^http\S+ cannot be reached .*\nhttp\S+ is back after \d+ s\.\n$/);
    tail.interrupt();
    expect(await tail.exitCode).toBe(130);
    expect(tail.stdout() + tail.stderr()).not.toContain(ESCAPE);
  }, 90_000);

  it('tail waits for a system that has not started, and ends after its time', async () => {
    network.inject({ kind: 'refuse' }, 'DynamoDB', 'SQS', 'EventBridge');
    const tail = startOps(['tail', '--count', '1', ...endpoint()]);
    await tail.says('trying again until it can');
    const watch = startOps(['status', '--watch', '1', ...endpoint()]);
    await watch.says('trying again until it can');
    const order = await ops('order', randomUUID(), ...endpoint());
    expect(order).toMatchObject({ exitCode: 2, stdout: '' });
    expect(order.stderr).toMatch(/cannot be reached/);
    network.heal();
    expect(await tail.exitCode).toBe(0);
    expect(tail.stdout().trimEnd().split('\n')).toHaveLength(2);
    await watch.says('is back after');
    await watch.says(/Stage local[^]*Stage local/);
    watch.interrupt();
    expect(await watch.exitCode).toBe(130);
  }, 90_000);

  it('tail ends in time and reports it if no system ever answers', async () => {
    network.inject({ kind: 'refuse' }, 'DynamoDB', 'SQS', 'EventBridge');
    for (const unreachable of [endpoint(), ['--endpoint', 'http://127.0.0.1:9'], []]) {
      const startedAt = performance.now();
      const env = { LOCALSTACK_PORT: '9' };
      const tail = startOps(['tail', '--for', '2', ...unreachable], env);
      expect(await tail.exitCode).toBe(2);
      expect(tail.stderr()).toMatch(/(could not be reached|No system has run here) within 2 s\.\n$/);
      expect(performance.now() - startedAt).toBeLessThan(15_000);
    }
  }, 90_000);

  it('Ctrl-C ends a command during a call that hangs', async () => {
    for (const [service, ...args] of [
      ['DynamoDB', 'order', randomUUID()],
      ['DynamoDB', 'status'],
      ['DynamoDB', 'status', '--watch', '1'],
      ['DynamoDB', 'tail'],
      ['SQS', 'order', randomUUID()],
      ['SQS', 'tail'],
    ] as const) {
      // A separate network, so that calls left over from the last command are not counted.
      const silent = await startFaultyNetwork(emulator.url);
      silent.inject({ kind: 'black-hole' }, service);
      const command = startOps([...args, '--endpoint', silent.url]);
      await eventually(async () => silent.applied().has('black-hole'), `${args.join(' ')} hanging`);
      const interruptedAt = performance.now();
      command.interrupt();
      expect({ args, exitCode: await command.exitCode }).toEqual({ args, exitCode: 130 });
      // Far below any call timeout.
      expect(performance.now() - interruptedAt).toBeLessThan(1_500);
      await silent.dispose();
    }
  }, 90_000);

  it('--aws overrides AWS_ENDPOINT_URL', async () => {
    const sum = () => [...network.calls().values()].reduce((total, calls) => total + calls, 0);
    const before = sum();
    const env = { AWS_ENDPOINT_URL: network.url, AWS_DEFAULT_REGION: 'nowhere-1' };
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const status = startOps(['status', '--aws'], { ...env, ...credentials });
    expect(await status.exitCode).toBe(2);
    expect(status.stderr()).toContain('AWS (nowhere-1) cannot be reached');
    expect(sum()).toBe(before);
  }, 60_000);
});
