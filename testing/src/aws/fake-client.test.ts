import { SQSClient, GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { connectionRefused, internalServerError, throttled, timedOut } from './aws-errors.js';
import { queueUrlOf } from './arns.js';
import { createFakeSqs } from './fake-sqs.js';

const URL = queueUrlOf('work');
const getUrl = new GetQueueUrlCommand({ QueueName: 'work' });
const sendMessage = new SendMessageCommand({ QueueUrl: URL, MessageBody: 'x' });

function createSqs() {
  return createFakeSqs({ queues: [{ name: 'work' }] });
}

describe('a fake client', () => {
  it('can replace the SDK client', async () => {
    const wanted: Pick<SQSClient, 'send'> = createSqs();
    expect((await wanted.send(getUrl)).QueueUrl).toBe(URL);
  });

  it('records every call with a copy of its input, failed calls included', async () => {
    const sqs = createSqs();
    sqs.failNext('SendMessage', throttled);
    await expect(sqs.send(sendMessage)).rejects.toThrow();
    await sqs.send(getUrl);
    expect(sqs.calls).toEqual([
      { operation: 'SendMessage', input: { QueueUrl: URL, MessageBody: 'x' } },
      { operation: 'GetQueueUrl', input: { QueueName: 'work' } },
    ]);
    expect(sqs.callsOf('GetQueueUrl')).toEqual([{ QueueName: 'work' }]);
  });

  it('fails the next calls of one operation without applying them', async () => {
    const sqs = createSqs();
    sqs.failNext('SendMessage', connectionRefused, 2);
    await sqs.send(getUrl);
    for (let call = 0; call < 2; call += 1) {
      await expect(sqs.send(sendMessage)).rejects.toMatchObject({ name: 'Error', code: 'ECONNREFUSED' });
    }
    expect(sqs.messages(URL)).toEqual([]);
    await sqs.send(sendMessage);
    expect(sqs.messages(URL)).toHaveLength(1);
  });

  it('fails one operation or all until it is healed', async () => {
    const sqs = createSqs();
    sqs.failAlways('SendMessage', timedOut);
    await expect(sqs.send(sendMessage)).rejects.toMatchObject({ name: 'TimeoutError' });
    await sqs.send(getUrl);
    sqs.failAlways('*', internalServerError);
    sqs.failNext('GetQueueUrl', new Error('the planned one first'));
    await expect(sqs.send(getUrl)).rejects.toThrow('the planned one first');
    await expect(sqs.send(getUrl)).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 }, $fault: 'server' });
    sqs.heal();
    await sqs.send(getUrl);
    await sqs.send(sendMessage);
  });

  it('applies a call and loses the answer', async () => {
    const sqs = createSqs();
    sqs.applyThenLoseAnswer('SendMessage');
    await expect(sqs.send(sendMessage)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await sqs.send(sendMessage);
    expect(sqs.messages(URL)).toHaveLength(2);
  });

  it('rejects like the SDK when the signal has fired', async () => {
    const sqs = createSqs();
    const call = sqs.send(sendMessage, { abortSignal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(sqs.messages(URL)).toEqual([]);
  });

  it('refuses a parameter that it does not support', async () => {
    const fifo = new SendMessageCommand({ QueueUrl: URL, MessageBody: 'x', MessageGroupId: 'g' });
    await expect(createSqs().send(fifo)).rejects.toThrow('MessageGroupId');
  });
});
