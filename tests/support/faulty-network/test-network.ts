/** A faulty network before a fake emulator, with clients, for the tests of this folder. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach } from '@jest/globals';
import { emulatorClient, LOCALSTACK_CREDENTIALS } from '../../../tools/local/environment.mjs';
import { startFaultyNetwork, type FaultyNetwork } from '../faulty-network.js';
import { startFakeUpstream, type FakeUpstream } from './fake-upstream.js';

export const QUEUE = 'http://emulator/000000000000/local-order-queue';
export const OTHER_QUEUE = 'http://emulator/000000000000/local-notification-queue';
/** Node's error for a connection that broke before an answer. */
export const BROKEN = /socket hang up|ECONNRESET/;

type QueueMessage = ReturnType<typeof messageOf>;

export function messageOf(number: number, receiveCount = 1) {
  const Body = JSON.stringify({ detail: { data: { orderId: `order-${number}` } } });
  return {
    MessageId: `message-${number}`,
    ReceiptHandle: `handle-${number}`,
    Body,
    MD5OfBody: createHash('md5').update(Body).digest('hex'),
    Attributes: { ApproximateReceiveCount: String(receiveCount) },
  };
}

/** The error that a call ends with; undefined if it succeeds. */
export const failure = async (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error as Error & { $metadata?: { httpStatusCode?: number } },
  );

/** A new system for each test. */
export function useFaultyNetwork() {
  let upstream: FakeUpstream;
  let network: FaultyNetwork;
  let sqs: SQSClient;
  let dynamo: DynamoDBClient;
  let eventBridge: EventBridgeClient;
  let messages: QueueMessage[][];

  async function connect(seed: number): Promise<void> {
    network = await startFaultyNetwork(upstream.url, { seed });
    const options = { ...emulatorClient(network.url, LOCALSTACK_CREDENTIALS), maxAttempts: 1 };
    sqs = new SQSClient(options);
    dynamo = new DynamoDBClient(options);
    eventBridge = new EventBridgeClient(options);
  }

  async function disconnect(): Promise<void> {
    for (const client of [sqs, dynamo, eventBridge]) client.destroy();
    await network.dispose();
  }

  beforeEach(async () => {
    messages = [];
    upstream = await startFakeUpstream((operation, body) => {
      if (operation === 'ReceiveMessage') {
        const Messages = messages.shift();
        return Messages ? { Messages } : {};
      }
      if (operation === 'PutEvents') {
        const entries = body.Entries as { Detail: string }[];
        return { FailedEntryCount: 0, Entries: entries.map(({ Detail }) => ({ EventId: `id of ${Detail}` })) };
      }
      return {};
    });
    await connect(1);
  });

  afterEach(async () => {
    await disconnect();
    await upstream.dispose();
  });

  return {
    get upstream() {
      return upstream;
    },
    get network() {
      return network;
    },
    /** Reconnects through a new network with this seed. */
    reseed: async (seed: number) => {
      await disconnect();
      await connect(seed);
    },
    /** The messages of the queue, one list per receive. */
    queue: (...lists: QueueMessage[][]) => {
      messages = lists;
    },
    receivesLeft: () => messages.length,
    read: () => dynamo.send(new GetItemCommand({ TableName: 'local-orders', Key: { orderId: { S: '1' } } })),
    receive: async (queue = QUEUE, max = 10) => {
      const command = new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: max, WaitTimeSeconds: 5 });
      return ((await sqs.send(command)).Messages ?? []).map(({ MessageId: id }) => id);
    },
    publish: (...details: string[]) =>
      eventBridge.send(
        new PutEventsCommand({ Entries: details.map((Detail) => ({ Detail, DetailType: 'T', Source: 's' })) }),
      ),
    publishedDetails: () =>
      upstream.received
        .filter(({ operation }) => operation === 'PutEvents')
        .map(({ body }) => (body.Entries as { Detail: string }[]).map(({ Detail }) => Detail)),
    operations: () => upstream.received.map(({ operation }) => operation),
  };
}
