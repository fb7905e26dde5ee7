import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { queueUrlOf } from './arns.js';
import { createFakeSqs } from './fake-sqs.js';
import { createSystem, WORK } from './sqs-test-system.js';

describe('batches', () => {
  it('hide and delete many messages', async () => {
    const { sqs, send, receive } = createSystem();
    await send();
    await send();
    const handles = ((await receive()) ?? []).map((message, index) => ({
      Id: String(index),
      ReceiptHandle: message.ReceiptHandle,
    }));
    const hiding = handles.map((handle) => ({ ...handle, VisibilityTimeout: 60 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: WORK, Entries: hiding }));
    expect(sqs.messages(WORK).map(({ visibleAtMs }) => visibleAtMs)).toEqual([1_060_000, 1_060_000]);
    const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: WORK, Entries: handles }));
    expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(['0', '1']);
    expect(deleted).not.toHaveProperty('Failed');
    expect(sqs.messages(WORK)).toEqual([]);
  });

  it('report failed entries and apply the others', async () => {
    const { sqs, send, receive } = createSystem();
    await send();
    await send();
    sqs.rejectEntriesNext('DeleteMessageBatch', 'InternalError');
    const handles = ((await receive()) ?? []).map(({ ReceiptHandle }) => ReceiptHandle);
    const Entries = [...handles, 'nonsense'].map((ReceiptHandle, index) => ({ Id: `i${index}`, ReceiptHandle }));
    const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: WORK, Entries }));
    expect(deleted.Failed).toMatchObject([
      { Id: 'i0', Code: 'InternalError', SenderFault: false },
      { Id: 'i2', Code: 'ReceiptHandleIsInvalid', SenderFault: true },
    ]);
    expect(sqs.messages(WORK)).toHaveLength(1);
  });

  it.each([
    ['EmptyBatchRequest', []],
    ['TooManyEntriesInBatchRequest', Array.from({ length: 11 }, (_, index) => `i${index}`)],
    ['BatchEntryIdsNotDistinct', ['a', 'a']],
    ['InvalidBatchEntryId', ['a b']],
  ])('are rejected as a whole: %s', async (name, ids) => {
    const Entries = ids.map((Id) => ({ Id, ReceiptHandle: 'x' }));
    const deleting = createSystem().sqs.send(new DeleteMessageBatchCommand({ QueueUrl: WORK, Entries }));
    await expect(deleting).rejects.toMatchObject({ name, Code: `AWS.SimpleQueueService.${name}` });
  });
});

describe('queues', () => {
  it('counts visible and hidden messages', async () => {
    const { sqs, send, receive } = createSystem();
    await send();
    await send();
    await receive({ MaxNumberOfMessages: 1 });
    const counts = { ApproximateNumberOfMessages: '1', ApproximateNumberOfMessagesNotVisible: '1' };
    const AttributeNames = Object.keys(counts) as (keyof typeof counts)[];
    const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: WORK, AttributeNames }));
    expect(answer.Attributes).toEqual(counts);
  });

  it('finds a queue by its name', async () => {
    const { sqs } = createSystem();
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }))).QueueUrl).toBe(WORK);
  });

  it('fails for an unknown queue', async () => {
    const { sqs, send, receive } = createSystem();
    const missing = { name: 'QueueDoesNotExist', Code: 'AWS.SimpleQueueService.NonExistentQueue' };
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'other' }))).rejects.toMatchObject(missing);
    await expect(send({ QueueUrl: queueUrlOf('other') })).rejects.toMatchObject(missing);
    await expect(receive({ QueueUrl: queueUrlOf('other') })).rejects.toMatchObject(missing);
  });

  it('refuses to send an empty body, a body over 1 MiB or an attribute without a type', async () => {
    const { send } = createSystem();
    await expect(send({ MessageBody: '' })).rejects.toMatchObject({ name: 'MissingParameter' });
    await expect(send({ MessageBody: 'x'.repeat(1_048_577) })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const untyped = { MessageAttributes: { a: { DataType: undefined, StringValue: 'x' } } };
    await expect(send(untyped)).rejects.toMatchObject({ name: 'MissingParameter' });
  });

  it('cannot be built with a dead-letter queue that does not exist', () => {
    const queues = [{ name: 'work', redrive: { deadLetter: 'none', maxReceiveCount: 1 } }];
    expect(() => createFakeSqs({ queues })).toThrow('none');
  });
});
