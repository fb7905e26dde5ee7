import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startFaultyNetwork, type FaultyNetwork } from './faulty-network.js';
import { startFakeUpstream, type FakeUpstream } from './faulty-network/fake-upstream.js';
import type { AwsRequest } from './faulty-network/aws-json.js';
import { waitFor } from './wait-for.js';
import { emulatorClient, LOCALSTACK_CREDENTIALS } from '../../tools/local/environment.mjs';

const QUEUE = 'http://emulator/000000000000/local-order-queue';
const OTHER_QUEUE = 'http://emulator/000000000000/local-notification-queue';
/** Node's error for a connection that broke before an answer. */
const BROKEN = /socket hang up|ECONNRESET/;

function messageOf(number: number, receiveCount = 1) {
  const Body = JSON.stringify({ detail: { data: { orderId: `order-${number}` } } });
  return {
    MessageId: `message-${number}`,
    ReceiptHandle: `handle-${number}`,
    Body,
    MD5OfBody: createHash('md5').update(Body).digest('hex'),
    Attributes: { ApproximateReceiveCount: String(receiveCount) },
  };
}

describe('the faulty network', () => {
  let upstream: FakeUpstream;
  let network: FaultyNetwork;
  let sqs: SQSClient;
  let dynamo: DynamoDBClient;
  let eventBridge: EventBridgeClient;
  /** The messages of the queue, one list per receive. */
  let handedOut: ReturnType<typeof messageOf>[][];

  async function connect(seed: number): Promise<void> {
    network = await startFaultyNetwork(upstream.url, { seed });
    const options = {
      ...emulatorClient(network.url, LOCALSTACK_CREDENTIALS),
      maxAttempts: 1,
    };
    sqs = new SQSClient(options);
    dynamo = new DynamoDBClient(options);
    eventBridge = new EventBridgeClient(options);
  }

  async function disconnect(): Promise<void> {
    for (const client of [sqs, dynamo, eventBridge]) client.destroy();
    await network.dispose();
  }

  beforeEach(async () => {
    handedOut = [];
    upstream = await startFakeUpstream((operation, body) => {
      if (operation === 'ReceiveMessage') {
        const Messages = handedOut.shift();
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

  const read = () => dynamo.send(new GetItemCommand({ TableName: 'local-orders', Key: { orderId: { S: '1' } } }));
  const receive = async (queue = QUEUE, max = 10) => {
    const command = new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: max, WaitTimeSeconds: 5 });
    return ((await sqs.send(command)).Messages ?? []).map(({ MessageId: id }) => id);
  };
  const publish = (...details: string[]) =>
    eventBridge.send(
      new PutEventsCommand({ Entries: details.map((Detail) => ({ Detail, DetailType: 'T', Source: 's' })) }),
    );
  const publishedDetails = () =>
    upstream.received
      .filter(({ operation }) => operation === 'PutEvents')
      .map(({ body }) => (body.Entries as { Detail: string }[]).map(({ Detail }) => Detail));
  const operations = () => upstream.received.map(({ operation }) => operation);
  const failure = async (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (error: unknown) => error as Error & { $metadata?: { httpStatusCode?: number } },
    );

  it('forwards over connections that are kept, and counts the calls', async () => {
    for (let call = 0; call < 20; call++) await read();
    expect(network.calls()).toEqual(new Map([['DynamoDB GetItem', 20]]));
    expect(upstream.connections.size).toBe(1);
    expect(upstream.received[0]?.host).toBe(new URL(network.url).host);
  });

  it('refuse: breaks the connection, and the emulator sees nothing', async () => {
    network.inject({ kind: 'refuse' }, 'DynamoDB');
    expect((await failure(read()))?.message).toMatch(BROKEN);
    expect(operations()).toEqual([]);
    expect(network.applied()).toEqual(new Map([['refuse', 1]]));
  });

  it('black-hole: never answers, until the network heals', async () => {
    network.inject({ kind: 'black-hole' }, 'SQS');
    const answer = failure(receive());
    await waitFor('the call', async () => network.applied().get('black-hole'));
    expect(operations()).toEqual([]);
    network.heal();
    expect((await answer)?.message).toMatch(BROKEN);
    expect(await receive()).toEqual([]);
  });

  it('delay: goes on after its time, or when the network heals', async () => {
    const startedAt = performance.now();
    network.inject({ kind: 'delay', ms: 50 }, 'DynamoDB');
    await read();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);

    network.inject({ kind: 'delay', ms: 3_600_000 }, 'DynamoDB');
    const answer = read();
    await waitFor('the call', async () => (network.applied().get('delay') === 3 ? true : undefined));
    network.heal();
    await answer;
    expect(operations()).toEqual(['GetItem', 'GetItem']);
  });

  it('error-500: the service fails', async () => {
    network.inject({ kind: 'error-500' }, 'DynamoDB');
    expect((await failure(read()))?.$metadata?.httpStatusCode).toBe(500);
    expect(operations()).toEqual([]);
  });

  it('throttle: says so in a way that the SDK takes for throttling, and tries again', async () => {
    const clients = { DynamoDB: read, SQS: () => receive(), EventBridge: () => publish('one') };
    for (const [service, call] of Object.entries(clients)) {
      network.heal();
      network.inject({ kind: 'throttle' }, service as keyof typeof clients);
      const error = (await failure(call())) as { name: string; $retryable?: { throttling?: boolean } };
      expect(error.name).toMatch(/^(ProvisionedThroughputExceededException|RequestThrottled|ThrottlingException)$/);
    }
    network.heal();
    let asked = 0;
    network.add({ service: 'DynamoDB', kind: 'throttle', match: () => ++asked === 1 });
    const patient = new DynamoDBClient({
      ...emulatorClient(network.url, LOCALSTACK_CREDENTIALS),
      maxAttempts: 2,
    });
    const { $metadata } = await patient.send(new GetItemCommand({ TableName: 't', Key: { orderId: { S: '1' } } }));
    patient.destroy();
    expect($metadata.attempts).toBe(2);
  });

  it('drop-answer: applies the call and breaks the connection', async () => {
    network.inject({ kind: 'drop-answer' }, 'EventBridge');
    expect((await failure(publish('one')))?.message).toMatch(BROKEN);
    expect(publishedDetails()).toEqual([['one']]);
  });

  it('duplicate-delivery: a later receive of the same queue hands the message out once more', async () => {
    network.add({ service: 'SQS', kind: 'duplicate-delivery', match: ({ QueueUrl: url }) => url === QUEUE });
    handedOut = [[messageOf(1), messageOf(2)], [messageOf(3)]];
    expect(await receive()).toEqual(['message-1', 'message-2']);
    expect(await receive(OTHER_QUEUE)).toEqual(['message-3']);
    network.add({ service: 'SQS', operation: 'ReceiveMessage', kind: 'delay', ms: 0 });
    handedOut = [[messageOf(4)]];
    expect(await receive()).toEqual(['message-1', 'message-2', 'message-4']);
    expect(upstream.received.at(-1)?.body).toMatchObject({ MaxNumberOfMessages: 8, WaitTimeSeconds: 0 });
    expect(await receive()).toEqual(['message-4']);
    // A copy is never copied again.
    expect(await receive()).toEqual([]);
    expect(network.applied().get('duplicate-delivery')).toBe(3);
  });

  it('duplicate-delivery: keeps within what a receive asks for', async () => {
    network.add({ service: 'SQS', kind: 'duplicate-delivery' });
    handedOut = [[messageOf(1)], [messageOf(2)]];
    expect(await receive(QUEUE, 1)).toEqual(['message-1']);
    expect(await receive(QUEUE, 1)).toEqual(['message-1']);
    expect(await receive(QUEUE, 1)).toEqual(['message-2']);
    expect(operations()).toHaveLength(2);
  });

  it('lose-message: the message is handed out, and deleted at once', async () => {
    network.add({ service: 'SQS', kind: 'lose-message' });
    handedOut = [[messageOf(1)]];
    expect(await receive()).toEqual(['message-1']);
    expect(upstream.received.map(({ operation, body }) => [operation, body.ReceiptHandle, body.QueueUrl])).toEqual([
      ['ReceiveMessage', undefined, QUEUE],
      ['DeleteMessage', 'handle-1', QUEUE],
    ]);
  });

  it('duplicate-publication, swallow, reject-entry: each meets its own entries, and the answer fits the request', async () => {
    const isDetail = (text: string) => (request: AwsRequest) => request.Entries?.[0]?.Detail === text;
    network.add({ service: 'EventBridge', kind: 'duplicate-publication', match: isDetail('twice') });
    network.add({ service: 'EventBridge', kind: 'swallow', match: isDetail('swallowed') });
    network.add({ service: 'EventBridge', kind: 'reject-entry', match: isDetail('rejected') });

    const { FailedEntryCount: failed, Entries: results = [] } = await publish('swallowed', 'one', 'rejected', 'twice');
    expect(publishedDetails()).toEqual([['one', 'twice'], ['twice']]);
    expect(failed).toBe(1);
    expect(results[0]?.EventId).toMatch(/^[0-9a-f-]{36}$/);
    expect(results[1]).toEqual({ EventId: 'id of one' });
    expect(results[2]).toMatchObject({ ErrorCode: 'InternalFailure' });
    expect(results[3]).toEqual({ EventId: 'id of twice' });
    expect(Object.fromEntries(network.applied())).toEqual({
      'duplicate-publication': 1,
      swallow: 1,
      'reject-entry': 1,
    });
  });

  it('asks the emulator nothing when no entry is left', async () => {
    network.add({ service: 'EventBridge', kind: 'swallow' });
    expect(await publish('one', 'two')).toMatchObject({ FailedEntryCount: 0 });
    expect(operations()).toEqual([]);
  });

  it('meets one operation only, where a rule names it', async () => {
    network.add({ service: 'SQS', operation: 'DeleteMessage', kind: 'refuse' });
    network.add({ service: 'EventBridge', kind: 'refuse' });
    expect(await receive()).toEqual([]);
    await read();
  });

  it('takes away one rule, and all by healing', async () => {
    const remove = network.add({ service: 'DynamoDB', kind: 'refuse' });
    network.add({ service: 'SQS', kind: 'refuse' });
    remove();
    await read();
    expect(await failure(receive())).toBeDefined();
    network.heal();
    expect(await receive()).toEqual([]);
  });

  it('decides the n-th call of an operation alike with the same seed, however calls interleave', async () => {
    const rule = { kind: 'error-500', probability: 0.3 } as const;
    const decide = async (seed: number, others: boolean) => {
      await disconnect();
      await connect(seed);
      network.add({ ...rule, service: 'DynamoDB' });
      network.add({ ...rule, service: 'EventBridge' });
      const decisions: boolean[] = [];
      for (let call = 0; call < 60; call++) {
        if (others && call % 3 === 0) await failure(publish('one'));
        decisions.push((await failure(read())) !== undefined);
      }
      return decisions;
    };
    const alone = await decide(42, false);
    expect(await decide(42, true)).toEqual(alone);
    expect(network.seed).toBe(42);
    expect(await decide(43, false)).not.toEqual(alone);
    const hits = alone.filter(Boolean).length;
    expect(hits).toBeGreaterThan(8);
    expect(hits).toBeLessThan(30);
  });

  it('counts what each queue hands out, and by order what the queue itself has handed out', async () => {
    network.add({ service: 'SQS', kind: 'duplicate-delivery', match: () => handedOut.length === 1 });
    handedOut = [[messageOf(1), messageOf(2, 3)], [messageOf(1, 2)]];
    await receive();
    await receive();
    expect(network.deliveries().get('local-order-queue')).toEqual({
      messages: 5,
      redelivered: 3,
      duplicated: 2,
      perOrder: new Map([
        ['order-1', 2],
        ['order-2', 1],
      ]),
    });
  });

  it('gives up a call whose client has died, so that it swallows no message', async () => {
    upstream.silence('ReceiveMessage');
    const call = httpRequest(network.url, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' } });
    call.on('error', () => undefined);
    call.end('{}');
    await waitFor('the call', async () => upstream.received[0]);
    call.destroy();
    await waitFor('its end', async () => (upstream.received[0]?.closed ? true : undefined));
    await read();
  });

  it('survives a client that dies in the middle of a request', async () => {
    const call = httpRequest(network.url, { method: 'POST', headers: { 'content-length': '100' } });
    call.on('error', () => undefined);
    await new Promise((resolve) => call.write('{"half', resolve));
    call.destroy();
    await read();
  });
});
