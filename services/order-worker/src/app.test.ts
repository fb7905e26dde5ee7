import { describe, expect, it } from '@jest/globals';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { eventIdFor, newId } from '@orderflow/domain/ids';
import { eventually } from '@orderflow/testing/worker-system';
import { anOrder, messageOf } from '@orderflow/testing/order-worker/orders';
import { NAMES, startOrderWorker, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';

const fails = (times: number, system: OrderSystem) => {
  system.plan.fulfil = async ({ attempt }) => {
    if (attempt <= times) throw new Error('the warehouse did not answer');
    return { fulfilled: true };
  };
};

/** Has the message come back as often as it takes, and tells the outcomes on the way. */
async function untilOutcome(system: OrderSystem, wanted: string): Promise<string[]> {
  const outcomes: string[] = [];
  for (;;) {
    outcomes.push(await system.outcomes.next());
    if (outcomes.at(-1) === wanted) return outcomes;
    system.pass(60);
  }
}

/** A message is acked after its outcome is known. */
const acked = (system: OrderSystem) => system.worker.stop();

/** A worker with one poller, which takes four messages at a time by now, and has none. */
async function startWarmWorker(): Promise<OrderSystem> {
  const system = startOrderWorker({ WORKER_POLLERS: '1' });
  for (const count of [1, 2]) {
    for (let n = 0; n < count; n++) system.send(anOrder(system).message);
    await system.outcomes.take(count);
    await eventually(() => system.queued().length === 0);
  }
  return system;
}

describe('an order', () => {
  it('is completed, and its event published before the message is acked', async () => {
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
    // Until the outcome is confirmed, the marker remembers that it has to be told.
    expect(system.order(orderId)).toMatchObject({ outboxAt: system.now() + 5_000, outboxAttempts: 0 });
    expect(system.requests).toMatchObject([{ idempotencyKey: orderId, attempt: 1, items: [{ productId: 'sku-1' }] }]);
    const [event, ...others] = system.published();
    expect(others).toEqual([]);
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
        },
        data: {
          orderId,
          customerId: 'customer-1',
          totalAmount: 39.98,
          orderVersion: 3,
          completedAt: system.order(orderId)?.updatedAt,
        },
      },
    });
    await acked(system);
    expect(system.queued()).toEqual([]);
    const calls = [...system.aws.sqs.calls, ...system.aws.eventBridge.calls].map(({ operation }) => operation);
    expect(calls.filter((name) => name === 'DeleteMessageBatch')).toHaveLength(1);
  });

  it('is told in one line of the log', async () => {
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
    await acked(system);
    expect(system.log.messages()).toEqual(['polling', 'processed']);
  });

  it('fails for good when it cannot be fulfilled', async () => {
    const system = startOrderWorker();
    system.plan.fulfil = async () => ({ fulfilled: false, code: 'OUT_OF_STOCK', message: 'sku-1 is out of stock.' });
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    const failure = { code: 'OUT_OF_STOCK', message: 'sku-1 is out of stock.', retriable: false };
    expect(system.order(orderId)).toMatchObject({ status: 'FAILED', failure, effects: 1 });
    expect(system.published()).toMatchObject([{ type: 'OrderFailed', detail: { data: { orderId, failure } } }]);
    await acked(system);
    expect(system.queued()).toEqual([]);
    expect(system.deadLetters()).toEqual([]);
  });

  it('is tried again after errors, with longer and longer waits, and completed in the end', async () => {
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

  it('that takes too long is tried again, and the late result does no harm', async () => {
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
    await acked(system);
    expect(system.order(orderId)).toEqual(completed);
    expect(completed).toMatchObject({ status: 'COMPLETED', effects: 1 });
    expect(system.published().map(({ type }) => type)).toEqual(['OrderCompleted']);
  });
});

describe('an order that fails in every attempt', () => {
  it('is dead-lettered at the limit and FAILED, may be replayed, and is completed then', async () => {
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
    await acked(system);
    expect(system.requests).toHaveLength(4);
    expect(system.queued()).toEqual([]);
  });

  it('is not replayed when it was refused for good', async () => {
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

  it('is marked and acked later when the order cannot be marked now', async () => {
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

describe('bad input', () => {
  const good = (system: OrderSystem) => anOrder(system).message;
  const changed = ({ detail, ...message }: ReturnType<typeof good>, change: object) => ({
    ...message,
    detail: Object.assign({}, detail, change),
  });
  const cases: [string, string, string | undefined, (system: OrderSystem) => unknown][] = [
    ['no JSON', 'NOT_JSON', undefined, () => 'hello'],
    ['no envelope', 'NOT_AN_ENVELOPE', 'detail-type', () => ({ hello: 1 })],
    ['no data', 'NOT_AN_ENVELOPE', 'detail.data', (s) => changed(good(s), { data: [] })],
    ['unknown type', 'UNKNOWN_EVENT_TYPE', 'detail-type', (s) => ({ ...good(s), 'detail-type': 'OrderShipped' })],
    [
      'unknown version',
      'UNKNOWN_EVENT_VERSION',
      'detail.metadata.version',
      (s) => {
        const message = good(s);
        return changed(message, { metadata: Object.assign({}, message.detail.metadata, { version: 2 }) });
      },
    ],
    [
      'invalid event',
      'INVALID_EVENT',
      'detail.data.items[0].quantity',
      (s) => {
        const message = structuredClone(good(s));
        message.detail.data.items[0]!.quantity = 1.5;
        return message;
      },
    ],
    [
      'unknown order',
      'UNKNOWN_ITEM',
      'detail.data.orderId',
      (s) => {
        const { record } = anOrder(s);
        return messageOf({ ...record, orderId: newId() });
      },
    ],
  ];

  it.each(cases)('%s is dead-lettered as %s, and its neighbours are completed', async (_name, code, path, bad) => {
    const system = await startWarmWorker();
    const deletes = system.aws.sqs.callsOf('DeleteMessageBatch').length;
    const [before, after] = [anOrder(system), anOrder(system)];
    const body = bad(system);
    system.send(before.message);
    const messageId = system.send(body);
    system.send(after.message);
    expect((await system.outcomes.take(3)).sort()).toEqual(['dead-lettered', 'processed', 'processed']);
    await acked(system);
    const letters = system.deadLetters();
    expect(letters).toMatchObject([
      {
        code,
        originalMessageId: messageId,
        attempts: '1',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      },
    ]);
    expect((letters[0] as { path?: string }).path).toBe(path);
    for (const { orderId } of [before, after]) expect(system.order(orderId)?.status).toBe('COMPLETED');
    expect(system.queued()).toEqual([]);
    expect(system.aws.sqs.callsOf('DeleteMessageBatch')).toHaveLength(deletes + 1);
  });

  it('acks of a mixed batch what is done, and only that', async () => {
    const system = await startWarmWorker();
    system.plan.fulfil = async ({ items }) => {
      if (items[0]?.productId === 'fails') throw new Error('no');
      return { fulfilled: true };
    };
    const failing = anOrder(system, 'fails');
    const failingId = system.send(failing.message);
    system.send('not JSON');
    const fine = anOrder(system);
    system.send(fine.message);
    system.send(fine.message);
    expect((await system.outcomes.take(4)).sort()).toEqual(['dead-lettered', 'duplicate', 'processed', 'retry']);
    await acked(system);
    expect(system.queued().map(({ id }) => id)).toEqual([failingId]);
    expect(system.order(fine.orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
    expect(system.order(failing.orderId)).toMatchObject({ status: 'PROCESSING' });
  });
});

describe('copies', () => {
  it('of a message that is being worked on are acked without effect', async () => {
    const system = startOrderWorker();
    let finish: () => void = () => undefined;
    system.plan.fulfil = () =>
      new Promise((resolve) => {
        finish = () => {
          resolve({ fulfilled: true });
        };
      });
    const { orderId, message } = anOrder(system);
    const first = system.send(message);
    await eventually(() => system.requests.length > 0);
    const copy = system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.order(orderId)).toMatchObject({ status: 'PROCESSING', holder: first });
    await eventually(() => !system.queued().some(({ id }) => id === copy));
    finish();
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.requests).toHaveLength(1);
    expect(system.published()).toHaveLength(1);
  });

  it('of a message whose outcome is confirmed publish nothing: it has arrived', async () => {
    const system = startOrderWorker();
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    const { outboxShard: _shard, outboxAt: _at, ...confirmed } = system.order(orderId)!;
    system.aws.dynamo.seed(NAMES.ordersTable, confirmed);
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.published()).toHaveLength(1);
  });

  it('of a message whose work is done publish the same event again', async () => {
    const system = startOrderWorker();
    const { message } = anOrder(system);
    system.send(message);
    system.send(message);
    expect((await system.outcomes.take(2)).sort()).toEqual(['duplicate', 'processed']);
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.requests).toHaveLength(1);
    const events = system.published();
    expect(events.length).toBeGreaterThanOrEqual(2);
    for (const event of events) expect(event).toEqual(events[0]);
  });

  it('take over what a dead worker left, once its lease has passed', async () => {
    const system = startOrderWorker();
    const { orderId, message, record } = anOrder(system);
    system.aws.dynamo.seed(NAMES.ordersTable, {
      ...record,
      status: 'PROCESSING',
      version: 2,
      holder: 'a-dead-worker',
      claimToken: 'its-token',
      leaseUntil: system.now() + 30_000,
    });
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    await eventually(() => system.queued().length === 0);
    // The allowance for clocks that differ included.
    system.pass(32);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', version: 4, effects: 1 });
  });
});

describe('publishing', () => {
  it('that is refused keeps the message, and the event of the redelivery is the same', async () => {
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
    await acked(system);
    expect(system.queued()).toEqual([]);
    expect(system.requests).toHaveLength(1);
  });
});
