import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { emulatorClient, LOCALSTACK_CREDENTIALS } from '../../../tools/local/environment.mjs';
import { BROKEN, failure, useFaultyNetwork } from './test-network.js';

describe('faults of calls', () => {
  const system = useFaultyNetwork();

  it('forwards over kept connections, and counts the calls', async () => {
    for (let call = 0; call < 20; call++) await system.read();
    expect(system.network.calls()).toEqual(new Map([['DynamoDB GetItem', 20]]));
    expect(system.upstream.connections.size).toBe(1);
    expect(system.upstream.received[0]?.host).toBe(new URL(system.network.url).host);
  });

  it('refuse: breaks the connection, and the emulator sees nothing', async () => {
    system.network.inject({ kind: 'refuse' }, 'DynamoDB');
    expect((await failure(system.read()))?.message).toMatch(BROKEN);
    expect(system.operations()).toEqual([]);
    expect(system.network.applied()).toEqual(new Map([['refuse', 1]]));
  });

  it('black-hole: never answers, until the network heals', async () => {
    system.network.inject({ kind: 'black-hole' }, 'SQS');
    const answer = failure(system.receive());
    await eventually(async () => system.network.applied().get('black-hole'), 'the call');
    expect(system.operations()).toEqual([]);
    system.network.heal();
    expect((await answer)?.message).toMatch(BROKEN);
    expect(await system.receive()).toEqual([]);
  });

  it('delay: continues after its time, or when the network heals', async () => {
    const startedAt = performance.now();
    system.network.inject({ kind: 'delay', ms: 50 }, 'DynamoDB');
    await system.read();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);

    system.network.inject({ kind: 'delay', ms: 3_600_000 }, 'DynamoDB');
    const answer = system.read();
    await eventually(async () => system.network.applied().get('delay') === 3, 'the call');
    system.network.heal();
    await answer;
    expect(system.operations()).toEqual(['GetItem', 'GetItem']);
  });

  it('error-500: the service fails', async () => {
    system.network.inject({ kind: 'error-500' }, 'DynamoDB');
    expect((await failure(system.read()))?.$metadata?.httpStatusCode).toBe(500);
    expect(system.operations()).toEqual([]);
  });

  it('throttle: returns an error that the SDK recognises as throttling and retries', async () => {
    const clients = { DynamoDB: system.read, SQS: () => system.receive(), EventBridge: () => system.publish('one') };
    for (const [service, call] of Object.entries(clients)) {
      system.network.heal();
      system.network.inject({ kind: 'throttle' }, service as keyof typeof clients);
      const error = (await failure(call())) as { name: string; $retryable?: { throttling?: boolean } };
      expect(error.name).toMatch(/^(ProvisionedThroughputExceededException|RequestThrottled|ThrottlingException)$/);
    }
    system.network.heal();
    let asked = 0;
    system.network.add({ service: 'DynamoDB', kind: 'throttle', match: () => ++asked === 1 });
    const patient = new DynamoDBClient({
      ...emulatorClient(system.network.url, LOCALSTACK_CREDENTIALS),
      maxAttempts: 2,
    });
    const { $metadata } = await patient.send(new GetItemCommand({ TableName: 't', Key: { orderId: { S: '1' } } }));
    patient.destroy();
    expect($metadata.attempts).toBe(2);
  });

  it('drop-answer: applies the call and breaks the connection', async () => {
    system.network.inject({ kind: 'drop-answer' }, 'EventBridge');
    expect((await failure(system.publish('one')))?.message).toMatch(BROKEN);
    expect(system.publishedDetails()).toEqual([['one']]);
  });

  it('aborts a call whose client has died, so that it swallows no message', async () => {
    system.upstream.silence('ReceiveMessage');
    const call = httpRequest(system.network.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' },
    });
    call.on('error', () => undefined);
    call.end('{}');
    await eventually(async () => system.upstream.received[0], 'the call');
    call.destroy();
    await eventually(async () => system.upstream.received[0]?.closed, 'its end');
    await system.read();
  });

  it('survives a client that dies during a request', async () => {
    const call = httpRequest(system.network.url, { method: 'POST', headers: { 'content-length': '100' } });
    call.on('error', () => undefined);
    await new Promise((resolve) => call.write('{"half', resolve));
    call.destroy();
    await system.read();
  });
});
