import { describe, expect, it } from '@jest/globals';
import { createSystem, WORK } from './sqs-test-system.js';

describe('receipt handles', () => {
  it('delete the message, once or twice', async () => {
    const { send, receiveOne, remove, sqs } = createSystem();
    await send();
    const { ReceiptHandle: handle } = await receiveOne();
    await remove(handle);
    await remove(handle);
    expect(sqs.messages(WORK)).toEqual([]);
  });

  it('delete nothing once the message has been received again', async () => {
    const { send, receiveOne, remove, pass, sqs } = createSystem();
    await send();
    const { ReceiptHandle: stale } = await receiveOne();
    pass(10);
    await receiveOne();
    await remove(stale);
    expect(sqs.messages(WORK)).toHaveLength(1);
  });

  it('still delete after the timeout if the message was not received again', async () => {
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

  it('cannot change a message that is deleted, received again or visible again, nor set a wrong timeout', async () => {
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
