import { ReceiveMessageCommand, type ReceiveMessageCommandInput } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { queueArnOf } from './arns.js';
import { createFakeSqs } from './fake-sqs.js';
import { createSystem, DEAD, WORK } from './sqs-test-system.js';

describe('receiving', () => {
  it('returns the message with the requested attributes', async () => {
    const { send, receiveOne, pass } = createSystem();
    const MessageAttributes = {
      kind: { DataType: 'String', StringValue: 'a' },
      other: { DataType: 'String', StringValue: 'b' },
    };
    const { MessageId: id } = await send({ MessageAttributes });
    pass(5);
    const message = await receiveOne({ MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['kind'] });
    expect(message).toMatchObject({
      MessageId: id,
      Body: 'body',
      Attributes: {
        SentTimestamp: '1000000',
        ApproximateFirstReceiveTimestamp: '1005000',
        ApproximateReceiveCount: '1',
      },
    });
    expect(message.MessageAttributes).toEqual({ kind: MessageAttributes.kind });
  });

  it('omits attributes that were not requested, and an empty list', async () => {
    const { send, receiveOne, receive, sqs } = createSystem();
    await send({ MessageAttributes: { kind: { DataType: 'String', StringValue: 'a' } } });
    expect(Object.keys(await receiveOne()).sort()).toEqual(['Body', 'MessageId', 'ReceiptHandle']);
    expect(await receive()).toBeUndefined();
    expect(await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK }))).not.toHaveProperty('Messages');
  });

  it('returns one message by default', async () => {
    const { send, sqs } = createSystem();
    await send();
    await send();
    expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK }))).Messages).toHaveLength(1);
  });

  it('hides a received message until its visibility timeout has passed, and counts', async () => {
    const { send, receive, receiveOne, pass } = createSystem();
    await send();
    const first = await receiveOne();
    pass(9.999);
    expect(await receive()).toBeUndefined();
    pass(0.001);
    const second = await receiveOne({ MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(second.MessageId).toBe(first.MessageId);
    expect(second.ReceiptHandle).not.toBe(first.ReceiptHandle);
    expect(second.Attributes).toEqual({ ApproximateReceiveCount: '2' });
  });

  it("prefers the receive's visibility timeout to the queue's", async () => {
    const { send, receive, receiveOne } = createSystem();
    await send();
    await receiveOne({ VisibilityTimeout: 0 });
    expect(await receive()).toHaveLength(1);
  });

  it('moves a message to the dead-letter queue instead of exceeding maxReceiveCount', async () => {
    const { send, receive, receiveOne, pass, sqs } = createSystem();
    const { MessageId: id } = await send({ MessageAttributes: { kind: { DataType: 'String', StringValue: 'a' } } });
    await receiveOne();
    pass(10);
    await receiveOne();
    pass(10);
    expect(await receive()).toBeUndefined();
    expect(sqs.messages(WORK)).toEqual([]);
    const asked = { MessageSystemAttributeNames: ['All' as const], MessageAttributeNames: ['All'] };
    expect(await receiveOne({ QueueUrl: DEAD, ...asked })).toMatchObject({
      MessageId: id,
      Attributes: {
        SentTimestamp: '1000000',
        ApproximateReceiveCount: '3',
        ApproximateFirstReceiveTimestamp: '1020000',
        DeadLetterQueueSourceArn: queueArnOf('work'),
      },
      MessageAttributes: { kind: { StringValue: 'a' } },
    });
  });

  it.each<Partial<ReceiveMessageCommandInput>>([
    { MaxNumberOfMessages: 11 },
    { MaxNumberOfMessages: 0 },
    { WaitTimeSeconds: 21 },
    { WaitTimeSeconds: 0.5 },
    { VisibilityTimeout: 43_201 },
  ])('refuses %j', async (input) => {
    await expect(createSystem().receive(input)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});

describe('long polling', () => {
  it('ends when a message arrives', async () => {
    const { send, receive } = createSystem();
    const polling = receive({ WaitTimeSeconds: 20 });
    await send();
    expect(await polling).toHaveLength(1);
  });

  it('gives a message to only one of several polls', async () => {
    const { send, receive } = createSystem();
    const first = receive({ WaitTimeSeconds: 20 });
    const second = receive({ WaitTimeSeconds: 20 });
    await send();
    const winner = await Promise.race([first, second]);
    expect(winner).toHaveLength(1);
    await send();
    expect([...((await first) ?? []), ...((await second) ?? [])]).toHaveLength(2);
  });

  it('ends when a message becomes visible again by the clock of the test', async () => {
    const { send, receive, pass } = createSystem();
    await send();
    await receive();
    const polling = receive({ WaitTimeSeconds: 20 });
    pass(10);
    expect(await polling).toHaveLength(1);
  });

  it('ends when a message becomes visible again by the real clock', async () => {
    const sqs = createFakeSqs({ queues: [{ name: 'work' }] });
    sqs.enqueue(WORK, 'body');
    await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK, VisibilityTimeout: 1 }));
    const output = await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK, WaitTimeSeconds: 5 }));
    expect(output.Messages).toHaveLength(1);
  });

  it('ends empty when the wait is over', async () => {
    const { sqs } = createSystem();
    const startedAtMs = performance.now();
    const output = await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK, WaitTimeSeconds: 1 }));
    expect(output.Messages).toBeUndefined();
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(1_000);
  });

  it('can be cut short for a test', async () => {
    const sqs = createFakeSqs({ queues: [{ name: 'work' }], longestPollMs: 5 });
    const output = await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK, WaitTimeSeconds: 20 }));
    expect(output.Messages).toBeUndefined();
  });

  it('ends with an AbortError when its signal fires', async () => {
    const { sqs } = createSystem();
    const controller = new AbortController();
    const poll = new ReceiveMessageCommand({ QueueUrl: WORK, WaitTimeSeconds: 20 });
    const polling = sqs.send(poll, { abortSignal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 5);
    await expect(polling).rejects.toMatchObject({ name: 'AbortError' });
  });
});
