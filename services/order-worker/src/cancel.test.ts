import { describe, expect, it } from '@jest/globals';
import { eventIdFor } from '@orderflow/domain/ids';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { PermanentError } from '@orderflow/platform/runtime/errors';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { startOrderWorker, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';
import { untilOutcome } from '@orderflow/testing/order-worker/retries';
import { startWithoutAnswers } from '@orderflow/testing/order-worker/without-answers';

const stepsOf = (system: OrderSystem, orderId: string) =>
  timelineOf(system.order(orderId) as OrderRecord).steps.map(({ step }) => step);

describe('an order whose attempts are used up', () => {
  it('is cancelled under the key of its attempts before it ends FAILED', async () => {
    const { system, warehouse } = startWithoutAnswers();
    const statusAtCancel: unknown[] = [];
    const { orderId, message } = anOrder(system);
    system.plan.cancel = (request) => {
      statusAtCancel.push(system.order(orderId)?.status);
      return warehouse.cancel(request);
    };
    system.send(message);
    await untilOutcome(system, 'dead-lettered');
    expect(statusAtCancel).toEqual(['PROCESSING']);
    expect(system.cancels).toMatchObject([{ idempotencyKey: orderId }]);
    expect(system.order(orderId)).toMatchObject({
      status: 'FAILED',
      effects: 1,
      failure: { code: 'RETRIES_EXHAUSTED', retriable: true, cancelled: true },
    });
    expect(stepsOf(system, orderId).slice(-4)).toEqual(['received', 'cancelled', 'dead-lettered', 'failed']);
    expect(system.published()).toMatchObject([
      { type: 'OrderFailed', detail: { data: { failure: { code: 'RETRIES_EXHAUSTED', cancelled: true } } } },
    ]);
  });

  it('ends COMPLETED when it has shipped and cannot be cancelled', async () => {
    const { system } = startWithoutAnswers();
    const { orderId, message } = anOrder(system, 'test-ships-at-once');
    system.send(message);
    await untilOutcome(system, 'dead-lettered');
    const order = system.order(orderId)!;
    expect(order).toMatchObject({ status: 'COMPLETED', effects: 1 });
    expect(order).not.toHaveProperty('failure');
    const eventId = eventIdFor(orderId, 'OrderCompleted', order.version as number);
    expect(system.published()).toMatchObject([{ type: 'OrderCompleted', detail: { metadata: { eventId } } }]);
    // A replay of the remaining dead letter finds the order finished.
    system.send(message, { replayId: 'replay-1' });
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.order(orderId)).toEqual(order);
  });

  const errors: [string, () => Error][] = [
    ['is unavailable', () => new Error('the warehouse answered 503')],
    ['refuses connections', connectionRefused],
    ['throws a permanent error', () => new PermanentError('INVALID_EVENT', 'not for you')],
    ['throws a value that is not an error', () => undefined as unknown as Error],
    ['throws something that cannot be converted to text', () => Object.create(null) as Error],
  ];
  it.each(errors)('is not given up while the warehouse %s, and ends later', async (_, errorOf) => {
    const { system, warehouse } = startWithoutAnswers();
    const { orderId, message } = anOrder(system);
    system.plan.cancel = () => Promise.reject(errorOf());
    system.send(message);
    for (let receive = 0; receive < 4; receive++) {
      expect(await system.outcomes.next()).toBe('retry');
      expect(system.order(orderId)).toMatchObject({ status: 'PROCESSING', effects: 0 });
      system.pass(60);
    }
    expect(system.published()).toEqual([]);
    // The breaker watches AWS only.
    expect(system.log.messages()).not.toContain('paused: a dependency is unavailable');
    system.plan.cancel = warehouse.cancel;
    await untilOutcome(system, 'dead-lettered');
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED', effects: 1, failure: { cancelled: true } });
  });

  it.each([undefined, null, 'Cancelled', true, {}, ''])('is not given up for the answer %p', async (answer) => {
    const { system } = startWithoutAnswers();
    const { orderId, message } = anOrder(system);
    system.plan.cancel = async () => answer as never;
    system.send(message);
    await system.outcomes.next();
    system.pass(60);
    expect(await system.outcomes.next()).toBe('retry');
    expect(system.order(orderId)).toMatchObject({ status: 'PROCESSING' });
  });

  it('is cancelled again when FAILED could not be stored', async () => {
    const { system, warehouse } = startWithoutAnswers();
    const { orderId, message } = anOrder(system);
    let cancels = 0;
    system.plan.cancel = async (request) => {
      const answer = await warehouse.cancel(request);
      if (++cancels === 1)
        system.aws.dynamo.rejectEntriesNext('BatchExecuteStatement', 'ItemCollectionSizeLimitExceeded');
      return answer;
    };
    system.send(message);
    await untilOutcome(system, 'dead-lettered');
    expect(system.cancels.map(({ idempotencyKey }) => idempotencyKey)).toEqual([orderId, orderId]);
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED', effects: 1 });
  });

  it('is ended, not fulfilled, by another message', async () => {
    const { system, warehouse } = startWithoutAnswers();
    const { orderId, message } = anOrder(system);
    // Cancelled, but the answer is lost, as in a crash.
    system.send(message);
    system.plan.cancel = async (request) => {
      await warehouse.cancel(request);
      throw new Error('the connection broke before the answer');
    };
    await system.outcomes.next();
    system.pass(60);
    expect(await system.outcomes.next()).toBe('retry');
    await system.discard();
    system.plan.cancel = warehouse.cancel;
    system.plan.fulfil = async () => ({ fulfilled: true });
    system.pass(32);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.requests).toHaveLength(1);
    expect(system.order(orderId)).toMatchObject({
      effects: 1,
      failure: { code: 'RETRIES_EXHAUSTED', retriable: true, cancelled: true },
    });
  });
});

it('an order that the warehouse refuses is not cancelled', async () => {
  const system = startOrderWorker();
  system.plan.fulfil = async () => ({ fulfilled: false, code: 'OUT_OF_STOCK', message: 'gone' });
  const { orderId, message } = anOrder(system);
  system.send(message);
  expect(await system.outcomes.next()).toBe('processed');
  expect(system.cancels).toEqual([]);
  expect(system.order(orderId)).not.toHaveProperty('givenUpLife');
});

it('a COMPLETED order stores nothing about a cancel', async () => {
  const system = startOrderWorker();
  const { record, orderId, message } = anOrder(system);
  system.send(message);
  expect(await system.outcomes.next()).toBe('processed');
  const { outboxShard: _shard, outboxAt: _at, ...before } = record;
  const added = Object.keys(system.order(orderId)!).filter((name) => !(name in before));
  expect(added.sort()).toEqual(['outboxAt', 'outboxShard']);
});
