import { describe, expect, it } from '@jest/globals';
import { contentHashOf } from '@orderflow/contracts';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { eventIdFor } from '@orderflow/domain/ids';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { NAMES, startOrderWorker } from '@orderflow/testing/order-worker/start-worker';
import { fails, untilOutcome } from '@orderflow/testing/order-worker/retries';

describe('an order', () => {
  it('is completed, and its event is published before the ack', async () => {
    const system = startOrderWorker();
    const { orderId, message } = anOrder(system);
    const messageId = system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({
      status: 'COMPLETED',
      version: 3,
      effects: 1,
      holder: messageId,
      timeline: { received_2: { attempt: 1, messageId }, completed_3: { at: expect.any(String) as unknown } },
    });
    // The marker stays until the outcome is confirmed.
    expect(system.order(orderId)).toMatchObject({ outboxAt: system.now() + 5_000, outboxAttempts: 0 });
    expect(system.requests).toMatchObject([{ idempotencyKey: orderId, attempt: 1, items: [{ productId: 'sku-1' }] }]);
    const [event, ...others] = system.published();
    expect(others).toEqual([]);
    const data = {
      orderId,
      customerId: 'customer-1',
      totalAmount: 39.98,
      orderVersion: 3,
      completedAt: system.order(orderId)?.updatedAt,
    };
    expect(event).toEqual({
      source: 'orderflow.order-worker',
      type: 'OrderCompleted',
      detail: {
        metadata: {
          eventId: eventIdFor(orderId, 'OrderCompleted', 3),
          version: 1,
          occurredAt: system.order(orderId)?.updatedAt,
          correlationId: 'correlation-1',
          traceparent: message.detail.metadata.traceparent,
          causationId: message.detail.metadata.eventId,
          contentHash: contentHashOf(data),
        },
        data,
      },
    });
    await system.worker.stop();
    expect(system.queued()).toEqual([]);
    const calls = [...system.aws.sqs.calls, ...system.aws.eventBridge.calls].map(({ operation }) => operation);
    expect(calls.filter((name) => name === 'DeleteMessageBatch')).toHaveLength(1);
  });

  it('has one log line', async () => {
    const system = startOrderWorker();
    const { orderId, message } = anOrder(system);
    const messageId = system.send(message);
    const { level, fields } = await system.log.next('processed');
    expect(level).toBe('info');
    expect(fields).toEqual({
      queue: NAMES.orderQueue,
      type: 'OrderCreated',
      orderId,
      eventId: message.detail.metadata.eventId,
      correlationId: 'correlation-1',
      traceId: 'ab'.repeat(16),
      outcome: 'processed',
      durationMs: 0,
      attempt: 1,
      messageId,
    });
    await system.worker.stop();
    expect(system.log.messages()).toEqual(['polling', 'processed']);
  });

  it('ends FAILED when it cannot be fulfilled', async () => {
    const system = startOrderWorker();
    system.plan.fulfil = async () => ({ fulfilled: false, code: 'OUT_OF_STOCK', message: 'sku-1 is out of stock.' });
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    const failure = { code: 'OUT_OF_STOCK', message: 'sku-1 is out of stock.', retriable: false };
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED', failure, effects: 1 });
    expect(system.published()).toMatchObject([{ type: 'OrderFailed', detail: { data: { orderId, failure } } }]);
    await system.worker.stop();
    expect(system.queued()).toEqual([]);
    expect(system.deadLetters()).toEqual([]);
  });

  it('is retried after errors with backoff, and completed', async () => {
    const system = startOrderWorker();
    fails(3, system);
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await untilOutcome(system, 'processed')).toEqual(['retry', 'retry', 'retry', 'processed']);
    expect(system.requests.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    // A claim and a postponement for each failure, then the claim and the outcome.
    const order = system.order(orderId) as OrderRecord;
    expect(order).toMatchObject({ status: 'COMPLETED', effects: 1, version: 9 });
    expect(timelineOf(order).steps.map(({ step, attempt }) => [step, attempt])).toEqual([
      ['accepted', undefined],
      ['sent', undefined],
      ...[1, 2, 3].flatMap((attempt) => [['received', attempt] as const, ['retried', undefined] as const]),
      ['received', 4],
      ['completed', undefined],
    ]);
    const delays = system.aws.sqs.callsOf('ChangeMessageVisibility').map((input) => input.VisibilityTimeout ?? 0);
    delays.forEach((delay, index) => {
      expect(delay).toBeGreaterThanOrEqual(1);
      expect(delay).toBeLessThanOrEqual(2 ** index);
    });
    expect(delays).toHaveLength(3);
    const retries = timelineOf(order).steps.filter(({ step }) => step === 'retried');
    expect(retries.map(({ delaySeconds, reason }) => [delaySeconds, reason])).toEqual(
      delays.map((delay) => [delay, 'Error']),
    );
    expect(system.published().map(({ type }) => type)).toEqual(['OrderCompleted']);
  });

  it('is retried after a timeout, and a late result has no effect', async () => {
    const system = startOrderWorker({ HANDLER_TIMEOUT_MS: '250', AWS_REQUEST_TIMEOUT_MS: '100' });
    let late: () => void = () => undefined;
    system.plan.fulfil = ({ attempt }) =>
      attempt > 1
        ? Promise.resolve({ fulfilled: true })
        : new Promise((resolve) => {
            late = () => {
              resolve({ fulfilled: false, code: 'OUT_OF_STOCK', message: 'too late' });
            };
          });
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await untilOutcome(system, 'processed')).toEqual(['retry', 'processed']);
    expect(system.requests[0]?.signal.aborted).toBe(true);
    const completed = system.order(orderId);
    const statements = system.aws.dynamo.callsOf('BatchExecuteStatement').length;
    late();
    await eventually(() => system.aws.dynamo.callsOf('BatchExecuteStatement').length > statements);
    await system.worker.stop();
    expect(system.order(orderId)).toEqual(completed);
    expect(completed).toMatchObject({ status: 'COMPLETED', effects: 1 });
    expect(system.published().map(({ type }) => type)).toEqual(['OrderCompleted']);
  });
});

describe('publishing', () => {
  it('keeps the message when it fails, and repeats the same event on redelivery', async () => {
    const system = startOrderWorker();
    system.aws.eventBridge.rejectEntriesNext('PutEvents', 'MalformedDetail');
    const { orderId, message } = anOrder(system);
    const messageId = system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
    expect(system.queued().map(({ id }) => id)).toEqual([messageId]);
    system.pass(60);
    expect(await system.outcomes.next()).toBe('duplicate');
    const [first, second, ...others] = system.published();
    expect(others).toEqual([]);
    expect(second).toEqual(first);
    await system.worker.stop();
    expect(system.queued()).toEqual([]);
    expect(system.requests).toHaveLength(1);
  });
});
