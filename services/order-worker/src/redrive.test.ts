import { describe, expect, it } from '@jest/globals';
import { replayIdFor } from '@orderflow/domain/ids';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { exhaust, works } from '@orderflow/testing/order-worker/exhaust';
import { startOrderWorker } from '@orderflow/testing/order-worker/start-worker';

const FOREIGN = {
  'Content-Encoding': 'gzip',
  code: 'of somebody else',
  picture: { DataType: 'Binary.png', BinaryValue: Buffer.from([0, 255, 7]) },
};

describe('a dead letter that the console redrives', () => {
  it("starts its order again only once, even beside an operator's replay", async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    const { orderId, message } = anOrder(system);
    const messageId = await exhaust(system, message, FOREIGN);
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED' });

    system.redrive();
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({
      ...{ status: 'COMPLETED', effects: 1, lastReplayId: replayIdFor(messageId) },
    });
    system.redrive();
    system.send(message, { replayId: replayIdFor(messageId), replayCount: '1' });
    expect(await system.outcomes.take(2)).toEqual(['duplicate', 'duplicate']);
  });

  it('becomes a new dead letter with foreign attributes when it fails again', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    const { orderId, message } = anOrder(system);
    await exhaust(system, message, FOREIGN);
    works(system, false);
    const [second = ''] = system.redrive();
    while ((await system.outcomes.next()) !== 'dead-lettered') system.pass(60);
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED', effects: 1 });
    const letters = system.deadLetters();
    expect(letters[1]).toMatchObject({ originalMessageId: second, replayCount: '1', code: 'RECEIVES_EXHAUSTED' });
    expect(letters[1]).toMatchObject({
      'Content-Encoding': 'gzip',
      packedAttributes: expect.stringContaining('of somebody else'),
    });

    works(system, true);
    system.redrive();
    // Only the first letter's replay has ended.
    expect((await system.outcomes.take(2)).sort()).toEqual(['duplicate', 'processed']);
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', lastReplayId: replayIdFor(second) });
  });

  it('is handled if SQS had moved it and the order is not finished', async () => {
    const system = startOrderWorker();
    const { orderId, message } = anOrder(system);
    // Without attributes: SQS moved it at maxReceiveCount.
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', lastReplayId: '' });
  });
});

describe('the dead letter of an order', () => {
  it('exists once, however often storing FAILED or the delete fails', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    works(system, false);
    const { orderId, message } = anOrder(system);
    const messageId = system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    system.aws.dynamo.rejectEntriesNext('BatchExecuteStatement', 'ItemCollectionSizeLimitExceeded', 3);
    system.aws.sqs.rejectEntriesNext('DeleteMessageBatch', 'InternalError', 3);
    await system.untilEmpty();
    const outcomes = system.outcomes.all.map(({ outcome }) => outcome);
    expect(outcomes).toEqual([...Array<string>(4).fill('retry'), ...Array<string>(4).fill('dead-lettered')]);
    expect(system.deadLetters()).toMatchObject([{ originalMessageId: messageId }]);
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED', effects: 1 });
  });
});
