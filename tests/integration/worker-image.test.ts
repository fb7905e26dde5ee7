import { isDeepStrictEqual } from 'node:util';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { eventually } from '@orderflow/testing/eventually';
import { getContainerRuntimeClient, type StartedNetwork } from 'testcontainers';
import { startNetwork } from '../support/container-network.js';
import { startLocalStack, type LocalStack } from '../support/localstack.js';
import { connectOperator, queueCounts } from '../support/operator.js';
import { bodyOf, order, put } from '../support/orders.js';
import { SHORT_TIMINGS } from '../support/short-timings.js';
import {
  buildWorkerImage,
  startWorkerContainer,
  testFilesIn,
  type WorkerContainer,
} from '../support/worker-container.js';

/** Allows for a busy machine. */
const WITHIN_MS = 60_000;
/** Long enough for the signal to arrive during the work. */
const FULFILMENT_DELAY_MS = '2000';
const VISIBILITY_TIMEOUT_MS = Number(SHORT_TIMINGS.VISIBILITY_TIMEOUT_SECONDS) * 1_000;
/** For orders that must end in their first attempt, however slow the machine is. */
const PATIENT = { VISIBILITY_TIMEOUT_SECONDS: '20', HANDLER_TIMEOUT_MS: '15000', AWS_REQUEST_TIMEOUT_MS: '5000' };
const EMPTY = { visible: 0, inFlight: 0, delayed: 0 };

describe('the image of order-worker', () => {
  let image: string;
  let network: StartedNetwork;
  let localStack: LocalStack;
  let cleanUps: (() => unknown)[] = [];

  beforeAll(async () => {
    network = await startNetwork();
    [image, localStack] = await Promise.all([buildWorkerImage('order-worker'), startLocalStack({ network })]);
  }, 600_000);

  afterEach(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
    cleanUps = [];
  }, 60_000);

  afterAll(async () => {
    await localStack.dispose();
    await network.stop();
  }, 60_000);

  async function deploy(stage: string): Promise<ConnectedSystem> {
    expect(await localStack.runHook({ STAGE: stage })).toMatchObject({ exitCode: 0 });
    const system = await connectOperator(localStack.aws.endpoint, stage);
    cleanUps.push(() => {
      system.aws.close();
    });
    return system;
  }

  async function startWorker(stage: string, environment: Record<string, string> = {}): Promise<WorkerContainer> {
    const worker = await startWorkerContainer(image, network, { STAGE: stage, ...environment });
    cleanUps.push(() => worker.dispose());
    return worker;
  }

  /** Stores orders, and sends the messages that make the worker process them. */
  async function place(system: ConnectedSystem, count: number): Promise<void> {
    const records = Array.from({ length: count }, () => order());
    await put(system, ...records);
    const QueueUrl = await system.urlOf(system.names.orderQueue);
    const messages = records.map((record) => ({ QueueUrl, MessageBody: bodyOf(record) }));
    await Promise.all(messages.map((message) => system.aws.sqs.send(new SendMessageCommand(message))));
  }

  async function ordersIn({ aws, names }: ConnectedSystem, status: OrderRecord['status']): Promise<OrderRecord[]> {
    const { Items: items = [] } = await aws.dynamo.send(
      new ScanCommand({ TableName: names.ordersTable, ConsistentRead: true }),
    );
    return (items as OrderRecord[]).filter((item) => item.status === status);
  }

  /** Waits for this many orders in a state, and returns all that are in it. */
  const untilOrdersIn = (system: ConnectedSystem, status: OrderRecord['status'], count: number) =>
    eventually(
      async () => {
        const orders = await ordersIn(system, status);
        return orders.length >= count ? orders : undefined;
      },
      `${count} orders ${status}`,
      WITHIN_MS,
    );

  const until = (what: string, isSo: () => Promise<boolean>) => eventually(async () => await isSo(), what, WITHIN_MS);

  /** Waits until /health/ready answers with this status and reports this state of the order queue. */
  const untilReadiness = (worker: WorkerContainer, stage: string, status: number, queue: object) =>
    eventually(
      async () => {
        const details = { [resourceNames(stage).orderQueue]: queue };
        expect(await worker.health('ready')).toMatchObject({ status, details });
        return true;
      },
      `readiness ${status}`,
      WITHIN_MS,
    );

  it('contains no test code', () => {
    expect(testFilesIn(image)).toEqual([]);
  }, 60_000);

  it('is live but not ready until its queues exist, and says why', async () => {
    const stage = 'image-late';
    const worker = await startWorker(stage);
    const reason = expect.stringMatching(/^QueueDoesNotExist: /);
    await untilReadiness(worker, stage, 503, { status: 'down', reason });
    expect(await worker.health('live')).toMatchObject({ status: 200 });
    expect(await worker.healthStatus()).not.toBe('healthy');

    await deploy(stage);
    await untilReadiness(worker, stage, 200, { status: 'up' });
    expect(await worker.health('live')).toMatchObject({ status: 200 });
    await until('polling', async () => worker.log().includes('"message":"polling"'));
    await until('healthy', async () => (await worker.healthStatus()) === 'healthy');
  }, 240_000);

  it('reports that AWS does not answer, stays live, and resumes when it does', async () => {
    const system = await deploy('image-outage');
    const worker = await startWorker(system.stage);
    await untilReadiness(worker, system.stage, 200, { status: 'up' });

    const { container } = await getContainerRuntimeClient();
    const aws = container.getById(localStack.id);
    await aws.pause();
    try {
      const reason = expect.stringMatching(/^TimeoutError: /);
      await untilReadiness(worker, system.stage, 503, { status: 'down', reason });
      expect(await worker.health('live')).toMatchObject({ status: 200 });
    } finally {
      await aws.unpause();
    }
    await untilReadiness(worker, system.stage, 200, { status: 'up' });
    await place(system, 1);
    expect(await untilOrdersIn(system, 'COMPLETED', 1)).toMatchObject([{ effects: 1 }]);
  }, 240_000);

  it('on SIGTERM finishes its work, starts nothing new, and exits 0', async () => {
    const system = await deploy('image-drain');
    await place(system, 30);
    const worker = await startWorker(system.stage, { ...PATIENT, FULFILMENT_DELAY_MS, WORKER_POLLERS: '5' });
    const begun = await untilOrdersIn(system, 'PROCESSING', 5);
    expect(await worker.stop()).toBe(0);

    const completed = await ordersIn(system, 'COMPLETED');
    const waiting = await ordersIn(system, 'PENDING');
    expect(completed.map(({ orderId }) => orderId)).toEqual(
      expect.arrayContaining(begun.map(({ orderId }) => orderId)),
    );
    expect(new Set(completed.map(({ effects }) => effects))).toEqual(new Set([1]));
    expect(waiting.length).toBeGreaterThan(0);
    expect(completed.length + waiting.length).toBe(30);
    expect(await queueCounts(system, system.names.orderQueue)).toEqual({ ...EMPTY, visible: waiting.length });
    await until('the end of the log', async () => /"draining"[^]*"drained"/.test(worker.log()));
  }, 240_000);

  it('finishes an order once after it was killed and restarted', async () => {
    const system = await deploy('image-kill');
    await place(system, 1);
    const worker = await startWorker(system.stage, { FULFILMENT_DELAY_MS });
    const [begun] = await untilOrdersIn(system, 'PROCESSING', 1);
    expect(await worker.kill()).toBe(137);
    expect(await ordersIn(system, 'PROCESSING')).toEqual([begun]);

    await worker.start();
    const [completed] = await untilOrdersIn(system, 'COMPLETED', 1);
    expect(completed).toMatchObject({ effects: 1 });
    const tookMs = Date.parse(completed!.updatedAt) - Date.parse(begun!.updatedAt);
    expect(tookMs).toBeGreaterThanOrEqual(VISIBILITY_TIMEOUT_MS);
    await until('the queue empty', async () =>
      isDeepStrictEqual(await queueCounts(system, system.names.orderQueue), EMPTY),
    );
  }, 240_000);
});
