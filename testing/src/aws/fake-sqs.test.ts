import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { queueArnOf, queueUrlOf } from './arns.js';
import { createFakeSqs } from './fake-sqs.js';

const WORK = queueUrlOf('work');
const DEAD = queueUrlOf('work-dlq');

function createSystem() {
  let nowMs = 1_000_000;
  const sqs = createFakeSqs({
    queues: [
      { name: 'work', visibilityTimeoutSeconds: 10, redrive: { deadLetter: 'work-dlq', maxReceiveCount: 2 } },
      { name: 'work-dlq' },
    ],
    now: () => nowMs,
  });
  const send = (input: Partial<SendMessageCommandInput> = {}) =>
    sqs.send(new SendMessageCommand({ QueueUrl: WORK, MessageBody: 'body', ...input }));
  const receive = async (input: Partial<ReceiveMessageCommandInput> = {}) =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK, MaxNumberOfMessages: 10, ...input }))).Messages;
  const receiveOne = async (input: Partial<ReceiveMessageCommandInput> = {}) => {
    const [message] = (await receive(input)) ?? [];
    if (!message) throw new Error('nothing was received');
    return message;
  };
  const hide = (message: Message, VisibilityTimeout: number, QueueUrl = WORK) =>
    sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout }));
  const remove = (ReceiptHandle: string | undefined) =>
    sqs.send(new DeleteMessageCommand({ QueueUrl: WORK, ReceiptHandle }));
  const pass = (seconds: number) => (nowMs += seconds * 1_000);
  return { sqs, send, receive, receiveOne, hide, remove, pass };
}

describe('receiving', () => {
  it('gives the message with what was asked for', async () => {
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

  it('leaves out what was not asked for, and an empty list', async () => {
    const { send, receiveOne, receive, sqs } = createSystem();
    await send({ MessageAttributes: { kind: { DataType: 'String', StringValue: 'a' } } });
    expect(Object.keys(await receiveOne()).sort()).toEqual(['Body', 'MessageId', 'ReceiptHandle']);
    expect(await receive()).toBeUndefined();
    expect(await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK }))).not.toHaveProperty('Messages');
  });

  it('gives one message unless told otherwise', async () => {
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

  it('takes the visibility timeout of the receive before the one of the queue', async () => {
    const { send, receive, receiveOne } = createSystem();
    await send();
    await receiveOne({ VisibilityTimeout: 0 });
    expect(await receive()).toHaveLength(1);
  });

  it('delays a message', async () => {
    const { send, receive, pass } = createSystem();
    await send({ DelaySeconds: 5 });
    expect(await receive()).toBeUndefined();
    pass(5);
    expect(await receive()).toHaveLength(1);
  });

  it('moves a message to the dead-letter queue instead of receiving it once more than allowed', async () => {
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

  it('gives one message to one of several polls', async () => {
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

describe('receipt handles', () => {
  it('delete the message, once or twice', async () => {
    const { send, receiveOne, remove, sqs } = createSystem();
    await send();
    const { ReceiptHandle: handle } = await receiveOne();
    await remove(handle);
    await remove(handle);
    expect(sqs.messages(WORK)).toEqual([]);
  });

  it('delete nothing once the message was received again', async () => {
    const { send, receiveOne, remove, pass, sqs } = createSystem();
    await send();
    const { ReceiptHandle: stale } = await receiveOne();
    pass(10);
    await receiveOne();
    await remove(stale);
    expect(sqs.messages(WORK)).toHaveLength(1);
  });

  it('still delete after the timeout if nobody received the message again', async () => {
    const { send, receiveOne, remove, pass, sqs } = createSystem();
    await send();
    const { ReceiptHandle: handle } = await receiveOne();
    pass(60);
    await remove(handle);
    expect(sqs.messages(WORK)).toEqual([]);
  });

  it('change the visibility, at once or later', async () => {
    const { send, receive, receiveOne, hide, pass } = createSystem();
    await send();
    await hide(await receiveOne(), 60);
    pass(59);
    expect(await receive()).toBeUndefined();
    pass(1);
    await hide(await receiveOne(), 0);
    expect(await receive({ QueueUrl: WORK, WaitTimeSeconds: 0 })).toBeUndefined();
  });

  it('wake a waiting poll when the message is given back', async () => {
    const { send, receive, receiveOne, hide } = createSystem();
    await send();
    const message = await receiveOne();
    const polling = receive({ WaitTimeSeconds: 20 });
    await hide(message, 0);
    expect(await polling).toHaveLength(1);
  });

  it('are refused for a change of a deleted message, when stale, when visible again, and for a wrong timeout', async () => {
    const { send, receiveOne, remove, hide, pass } = createSystem();
    await send();
    const stale = await receiveOne();
    await expect(hide(stale, 43_201)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(hide(stale, 1.5)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    pass(10);
    await expect(hide(stale, 1)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    const latest = await receiveOne();
    await expect(hide(stale, 1)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining('Message does not exist or is not available') as unknown,
    });
    await remove(latest.ReceiptHandle);
    await expect(hide(latest, 1)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('must be handles', async () => {
    const { remove, hide } = createSystem();
    await expect(remove('nonsense')).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
    await expect(hide({ ReceiptHandle: 'nonsense' }, 1)).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
    await expect(remove(undefined)).rejects.toMatchObject({ name: 'MissingParameter' });
  });
});

describe('batches', () => {
  it('send, hide and delete many', async () => {
    const { sqs, receive } = createSystem();
    const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: Id }));
    const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl: WORK, Entries }));
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['a', 'b']);
    expect(sent).not.toHaveProperty('Failed');
    const handles = ((await receive()) ?? []).map((message, index) => ({
      Id: String(index),
      ReceiptHandle: message.ReceiptHandle,
    }));
    const hiding = handles.map((handle) => ({ ...handle, VisibilityTimeout: 60 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: WORK, Entries: hiding }));
    expect(sqs.messages(WORK).map(({ visibleAtMs }) => visibleAtMs)).toEqual([1_060_000, 1_060_000]);
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: WORK, Entries: handles }));
    expect(sqs.messages(WORK)).toEqual([]);
  });

  it('report what failed and do the rest', async () => {
    const { sqs } = createSystem();
    sqs.rejectEntriesNext('SendMessageBatch', 'InternalError');
    const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id === 'b' ? '' : Id }));
    const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl: WORK, Entries }));
    expect(sent.Failed).toMatchObject([
      { Id: 'a', Code: 'InternalError', SenderFault: false },
      { Id: 'b', Code: 'MissingParameter', SenderFault: true },
    ]);
    expect(sqs.messages(WORK).map(({ body }) => body)).toEqual(['c']);
    const deleting = { QueueUrl: WORK, Entries: [{ Id: 'x', ReceiptHandle: 'nonsense' }] };
    const deleted = await sqs.send(new DeleteMessageBatchCommand(deleting));
    expect(deleted.Failed).toMatchObject([{ Id: 'x', Code: 'ReceiptHandleIsInvalid' }]);
  });

  it.each([
    ['EmptyBatchRequest', []],
    ['TooManyEntriesInBatchRequest', Array.from({ length: 11 }, (_, index) => `i${index}`)],
    ['BatchEntryIdsNotDistinct', ['a', 'a']],
    ['InvalidBatchEntryId', ['a b']],
  ])('are refused as a whole: %s', async (name, ids) => {
    const Entries = ids.map((Id) => ({ Id, MessageBody: 'x' }));
    const sending = createSystem().sqs.send(new SendMessageBatchCommand({ QueueUrl: WORK, Entries }));
    await expect(sending).rejects.toMatchObject({ name, Code: `AWS.SimpleQueueService.${name}` });
  });
});

describe('the rest', () => {
  it('counts visible, hidden and delayed messages', async () => {
    const { sqs, send, receive } = createSystem();
    await send();
    await send();
    await send({ DelaySeconds: 5 });
    await receive({ MaxNumberOfMessages: 1 });
    const all = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: WORK, AttributeNames: ['All'] }));
    expect(all.Attributes).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      QueueArn: queueArnOf('work'),
      VisibilityTimeout: '10',
    });
    const one = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: WORK, AttributeNames: ['QueueArn'] }));
    expect(one.Attributes).toEqual({ QueueArn: queueArnOf('work') });
  });

  it('finds a queue by its name', async () => {
    const { sqs } = createSystem();
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }))).QueueUrl).toBe(WORK);
  });

  it('knows no other queue', async () => {
    const { sqs, send, receive } = createSystem();
    const missing = { name: 'QueueDoesNotExist', Code: 'AWS.SimpleQueueService.NonExistentQueue' };
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'other' }))).rejects.toMatchObject(missing);
    await expect(send({ QueueUrl: queueUrlOf('other') })).rejects.toMatchObject(missing);
    await expect(receive({ QueueUrl: queueUrlOf('other') })).rejects.toMatchObject(missing);
  });

  it('refuses to send an empty body, a body over 1 MiB, an attribute without a type or a delay over 15 minutes', async () => {
    const { send } = createSystem();
    await expect(send({ MessageBody: '' })).rejects.toMatchObject({ name: 'MissingParameter' });
    await expect(send({ MessageBody: 'x'.repeat(1_048_577) })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const untyped = { MessageAttributes: { a: { DataType: undefined, StringValue: 'x' } } };
    await expect(send(untyped)).rejects.toMatchObject({ name: 'MissingParameter' });
    await expect(send({ DelaySeconds: 901 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('cannot be built with a dead-letter queue that does not exist', () => {
    const queues = [{ name: 'work', redrive: { deadLetter: 'none', maxReceiveCount: 1 } }];
    expect(() => createFakeSqs({ queues })).toThrow('none');
  });
});
