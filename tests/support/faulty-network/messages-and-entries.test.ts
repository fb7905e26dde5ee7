import { describe, expect, it } from '@jest/globals';
import type { AwsRequest } from './aws-json.js';
import { messageOf, OTHER_QUEUE, QUEUE, useFaultyNetwork } from './test-network.js';

describe('faults of messages and entries', () => {
  const system = useFaultyNetwork();

  it('duplicate-delivery: a later receive from the same queue returns the message again', async () => {
    system.network.add({ service: 'SQS', kind: 'duplicate-delivery', match: ({ QueueUrl: url }) => url === QUEUE });
    system.queue([messageOf(1), messageOf(2)], [messageOf(3)]);
    expect(await system.receive()).toEqual(['message-1', 'message-2']);
    expect(await system.receive(OTHER_QUEUE)).toEqual(['message-3']);
    system.network.add({ service: 'SQS', operation: 'ReceiveMessage', kind: 'delay', ms: 0 });
    system.queue([messageOf(4)]);
    expect(await system.receive()).toEqual(['message-1', 'message-2', 'message-4']);
    expect(system.upstream.received.at(-1)?.body).toMatchObject({ MaxNumberOfMessages: 8, WaitTimeSeconds: 0 });
    expect(await system.receive()).toEqual(['message-4']);
    // A copy is never copied again.
    expect(await system.receive()).toEqual([]);
    expect(system.network.applied().get('duplicate-delivery')).toBe(3);
  });

  it('duplicate-delivery: never exceeds the requested number of messages', async () => {
    system.network.add({ service: 'SQS', kind: 'duplicate-delivery' });
    system.queue([messageOf(1)], [messageOf(2)]);
    expect(await system.receive(QUEUE, 1)).toEqual(['message-1']);
    expect(await system.receive(QUEUE, 1)).toEqual(['message-1']);
    expect(await system.receive(QUEUE, 1)).toEqual(['message-2']);
    expect(system.operations()).toHaveLength(2);
  });

  it('lose-message: delivers the message and deletes it at once', async () => {
    system.network.add({ service: 'SQS', kind: 'lose-message' });
    system.queue([messageOf(1)]);
    expect(await system.receive()).toEqual(['message-1']);
    expect(
      system.upstream.received.map(({ operation, body }) => [operation, body.ReceiptHandle, body.QueueUrl]),
    ).toEqual([
      ['ReceiveMessage', undefined, QUEUE],
      ['DeleteMessage', 'handle-1', QUEUE],
    ]);
  });

  it('duplicate-publication, swallow, reject-entry: each affects its own entries, and the answer fits the request', async () => {
    const isDetail = (text: string) => (request: AwsRequest) => request.Entries?.[0]?.Detail === text;
    system.network.add({ service: 'EventBridge', kind: 'duplicate-publication', match: isDetail('twice') });
    system.network.add({ service: 'EventBridge', kind: 'swallow', match: isDetail('swallowed') });
    system.network.add({ service: 'EventBridge', kind: 'reject-entry', match: isDetail('rejected') });

    const { FailedEntryCount: failed, Entries: results = [] } = await system.publish(
      'swallowed',
      'one',
      'rejected',
      'twice',
    );
    expect(system.publishedDetails()).toEqual([['one', 'twice'], ['twice']]);
    expect(failed).toBe(1);
    expect(results[0]?.EventId).toMatch(/^[0-9a-f-]{36}$/);
    expect(results[1]).toEqual({ EventId: 'id of one' });
    expect(results[2]).toMatchObject({ ErrorCode: 'InternalFailure' });
    expect(results[3]).toEqual({ EventId: 'id of twice' });
    expect(Object.fromEntries(system.network.applied())).toEqual({
      'duplicate-publication': 1,
      swallow: 1,
      'reject-entry': 1,
    });
  });

  it('does not call the emulator if no entry is left', async () => {
    system.network.add({ service: 'EventBridge', kind: 'swallow' });
    expect(await system.publish('one', 'two')).toMatchObject({ FailedEntryCount: 0 });
    expect(system.operations()).toEqual([]);
  });

  it("counts deliveries by queue, and the queue's own deliveries by order", async () => {
    system.network.add({ service: 'SQS', kind: 'duplicate-delivery', match: () => system.receivesLeft() === 1 });
    system.queue([messageOf(1), messageOf(2, 3)], [messageOf(1, 2)]);
    await system.receive();
    await system.receive();
    expect(system.network.deliveries().get('local-order-queue')).toEqual({
      messages: 5,
      redelivered: 3,
      duplicated: 2,
      perOrder: new Map([
        ['order-1', 2],
        ['order-2', 1],
      ]),
    });
  });
});
