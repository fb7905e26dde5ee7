import { describe, expect, it } from '@jest/globals';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { startOrderWorker } from '@orderflow/testing/order-worker/start-worker';
import { fails, untilOutcome } from '@orderflow/testing/order-worker/retries';

describe('an order that fails in every attempt', () => {
  it('is dead-lettered and FAILED at the limit, and completed after a replay', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '3' });
    fails(Infinity, system);
    const { orderId, message } = anOrder(system);
    const messageId = system.send(message);
    expect(await untilOutcome(system, 'dead-lettered')).toEqual(['retry', 'retry', 'retry', 'dead-lettered']);
    expect(system.requests).toHaveLength(3);
    expect(system.deadLetters()).toEqual([
      {
        body: JSON.stringify(message),
        code: 'RECEIVES_EXHAUSTED',
        reason: 'not finished after 3 attempts',
        originalMessageId: messageId,
        attempts: '3',
        firstReceivedAt: expect.stringMatching(/^2027-03-14T15:09:26/) as unknown,
      },
    ]);
    const failure = {
      code: 'RETRIES_EXHAUSTED',
      message: 'Not finished after 3 attempts; its message is in the dead-letter queue.',
      retriable: true,
    };
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED', failure, effects: 1 });
    expect(system.published()).toMatchObject([{ type: 'OrderFailed', detail: { data: { failure } } }]);
    const failedVersion = system.order(orderId)?.version as number;
    expect(timelineOf(system.order(orderId) as OrderRecord).steps.slice(-2)).toMatchObject([
      { step: 'dead-lettered', code: 'RECEIVES_EXHAUSTED', attempt: 3, messageId },
      { step: 'failed', status: 'FAILED' },
    ]);

    fails(0, system);
    system.send(message, { replayId: 'replay-1' });
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({
      status: 'COMPLETED',
      effects: 1,
      version: failedVersion + 2,
      lastReplayId: 'replay-1',
    });
    expect(system.order(orderId)).not.toHaveProperty('failure');
    expect(system.order(orderId)).toMatchObject({ outboxAt: system.now() + 5_000 });
    expect(system.published().map(({ type }) => type)).toEqual(['OrderFailed', 'OrderCompleted']);

    system.send(message, { replayId: 'replay-1' });
    expect(await system.outcomes.next()).toBe('duplicate');
    await system.worker.stop();
    expect(system.requests).toHaveLength(4);
    expect(system.queued()).toEqual([]);
  });

  it('is not replayed after a final refusal', async () => {
    const system = startOrderWorker();
    system.plan.fulfil = async () => ({ fulfilled: false, code: 'OUT_OF_STOCK', message: 'gone' });
    const { orderId, message } = anOrder(system);
    system.send(message);
    await system.outcomes.next();
    const failed = system.order(orderId);
    system.send(message, { replayId: 'replay-1' });
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.order(orderId)).toEqual(failed);
  });

  it('is retried when FAILED cannot be stored', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    fails(Infinity, system);
    const { orderId, message } = anOrder(system);
    const messageId = system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    system.aws.dynamo.rejectEntriesNext('BatchExecuteStatement', 'ItemCollectionSizeLimitExceeded');
    system.pass(60);
    expect(await untilOutcome(system, 'dead-lettered')).toEqual(['retry', 'dead-lettered']);
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED', failure: { retriable: true } });
    expect(system.deadLetters()).toMatchObject([{ originalMessageId: messageId }]);
  });
});
