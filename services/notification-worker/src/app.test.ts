import { describe, expect, it } from '@jest/globals';
import { type OutgoingEvent } from '@orderflow/contracts';
import { eventIdFor, newId, notificationIdFor } from '@orderflow/domain/ids';
import { newNotificationRecord } from '@orderflow/domain/notifications/notification';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import { newOrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { PermanentError } from '@orderflow/platform/runtime/errors';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/worker-system';
import {
  NAMES,
  startNotificationWorker,
  type NotificationSystem,
} from '@orderflow/testing/notification-worker/start-worker';

const messageOf = ({ source, type, detail }: OutgoingEvent) => ({
  version: '0',
  id: newId(),
  source,
  'detail-type': type,
  detail,
});

/** A notification as the API has stored it, and the message that its event becomes. */
function aNotification({ aws, now }: NotificationSystem) {
  const record = newNotificationRecord({
    notificationId: newId(),
    request: { orderId: newId(), channel: 'SMS', message: 'Your parcel is on its way.' },
    requestHash: 'hash',
    correlationId: 'correlation-1',
    now: now(),
    outboxAt: now() + 5_000,
  });
  aws.dynamo.seed(NAMES.notificationsTable, record);
  return { record, id: record.notificationId, message: messageOf(notificationRequested(record)) };
}

/** The message of an order's outcome. */
function anOutcome(status: 'COMPLETED' | 'FAILED', version = 3) {
  const order = newOrderRecord({
    orderId: newId(),
    request: {
      customerId: 'customer-1',
      items: [{ productId: 'sku-1', productName: 'Kettle', quantity: 1, unitPrice: 1 }],
      totalAmount: 1,
    },
    requestHash: 'hash',
    correlationId: 'correlation-1',
    traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
    now: 0,
    outboxAt: 0,
  });
  const failure = { code: 'OUT_OF_STOCK', message: 'shelf 7 is empty', retriable: false };
  const event = orderOutcome({ ...order, status, version, ...(status === 'FAILED' ? { failure } : {}) })!;
  return {
    orderId: order.orderId,
    /** The order as its worker left it: with a marker until the outcome is confirmed. */
    order: { ...order, status, version },
    event,
    id: notificationIdFor(event.detail.metadata.eventId),
    message: messageOf(event),
  };
}

describe('a notification that a client asked for', () => {
  it('is sent, and its event published', async () => {
    const system = startNotificationWorker();
    const { id, record, message } = aNotification(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.sent).toMatchObject([
      { idempotencyKey: id, orderId: record.orderId, channel: 'SMS', message: 'Your parcel is on its way.' },
    ]);
    const sentAt = new Date(system.now()).toISOString();
    expect(system.notification(id)).toMatchObject({ status: 'SENT', sentAt, version: 3, effects: 1 });
    expect(system.notification(id)).not.toHaveProperty('outboxAt');
    expect(system.published()).toEqual([
      {
        source: 'orderflow.notification-worker',
        type: 'NotificationSent',
        detail: {
          metadata: {
            eventId: eventIdFor(id, 'NotificationSent', 3),
            version: 1,
            occurredAt: sentAt,
            correlationId: 'correlation-1',
            causationId: message.detail.metadata.eventId,
          },
          data: { notificationId: id, orderId: record.orderId, channel: 'SMS', sentAt },
        },
      },
    ]);
  });

  it('appears in one line of the log, without its text', async () => {
    const system = startNotificationWorker();
    const { id, record, message } = aNotification(system);
    system.send(message);
    const { fields } = await system.log.next('processed');
    expect(fields).toMatchObject({ notificationId: id, orderId: record.orderId, type: 'NotificationRequested' });
    expect(JSON.stringify(system.log.lines)).not.toContain('parcel');
  });

  it('is sent once however often its message comes', async () => {
    const system = startNotificationWorker();
    const { message } = aNotification(system);
    for (let copy = 0; copy < 3; copy++) system.send(message);
    expect((await system.outcomes.take(3)).sort()).toEqual(['duplicate', 'duplicate', 'processed']);
    expect(system.sent).toHaveLength(1);
  });

  it('is tried again, dead-lettered at the limit and FAILED, and can be replayed', async () => {
    const system = startNotificationWorker({ MAX_RECEIVES: '2' });
    system.plan.send = () => Promise.reject(new Error('the provider did not answer'));
    const { id, message } = aNotification(system);
    const messageId = system.send(message);
    for (const expected of ['retry', 'retry', 'dead-lettered']) {
      expect(await system.outcomes.next()).toBe(expected);
      if (expected === 'retry') system.pass(60);
    }
    expect(system.deadLetters()).toMatchObject([{ code: 'RECEIVES_EXHAUSTED', originalMessageId: messageId }]);
    expect(system.notification(id)).toMatchObject({
      status: 'FAILED',
      failure: {
        code: 'RETRIES_EXHAUSTED',
        message: expect.stringContaining('2 attempts') as unknown,
        retriable: true,
      },
    });
    // There is no event for a notification that was not sent.
    expect(system.published()).toEqual([]);

    system.plan.send = async () => undefined;
    system.send(message, { replayId: 'replay-1' });
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.notification(id)).toMatchObject({ status: 'SENT', effects: 1 });
  });

  it.each([
    ['a refused connection', connectionRefused()],
    ['a permanent error', new PermanentError('INVALID_EVENT', 'no such number')],
    ['nothing', undefined as unknown as Error],
  ])('is tried again when the provider throws %s, and the polling goes on', async (_, error) => {
    const system = startNotificationWorker({ MAX_RECEIVES: '1' });
    system.plan.send = () => Promise.reject(error);
    const { id, message } = aNotification(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    system.pass(60);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.notification(id)).toMatchObject({ status: 'FAILED', failure: { code: 'RETRIES_EXHAUSTED' } });
    expect(system.log.messages()).not.toContain('paused: a dependency is away');
  });

  it('that nobody has stored is dead-lettered', async () => {
    const system = startNotificationWorker();
    const { record } = aNotification(system);
    system.send(messageOf(notificationRequested({ ...record, notificationId: newId() })));
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code: 'UNKNOWN_ITEM', path: 'detail.data.notificationId' }]);
  });
});

describe("an order's outcome", () => {
  it.each([
    ['COMPLETED', (orderId: string) => `Your order ${orderId} is completed.`],
    ['FAILED', (orderId: string) => `Your order ${orderId} could not be completed (OUT_OF_STOCK).`],
  ] as const)('%s is told to the customer', async (status, text) => {
    const system = startNotificationWorker();
    const { orderId, event, id, message } = anOutcome(status);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.sent).toMatchObject([{ idempotencyKey: id, orderId, channel: 'EMAIL', message: text(orderId) }]);
    expect(system.notifications()).toMatchObject([
      {
        notificationId: id,
        orderId,
        status: 'SENT',
        version: 3,
        correlationId: 'correlation-1',
        causationId: event.detail.metadata.eventId,
      },
    ]);
    expect(system.published()).toMatchObject([
      { type: 'NotificationSent', detail: { metadata: { traceparent: event.detail.metadata.traceparent } } },
    ]);
  });

  it('is confirmed once its notification is stored, whatever becomes of the sending', async () => {
    const system = startNotificationWorker();
    system.plan.send = () => Promise.reject(new Error('the provider did not answer'));
    const { order, message } = anOutcome('COMPLETED');
    system.aws.dynamo.seed(NAMES.ordersTable, order);
    system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    expect(system.notifications()).toHaveLength(1);
    expect(system.aws.dynamo.items(NAMES.ordersTable)).toMatchObject([{ status: 'COMPLETED', version: 3 }]);
    expect(system.aws.dynamo.items(NAMES.ordersTable)[0]).not.toHaveProperty('outboxAt');
  });

  it.each([
    ['a replay has taken further', { status: 'PROCESSING', version: 4 }],
    ['has another outcome by now', { status: 'COMPLETED', version: 5 }],
  ])('confirms nothing of an order that %s', async (_name, change) => {
    const system = startNotificationWorker();
    const { order, message } = anOutcome('FAILED');
    system.aws.dynamo.seed(NAMES.ordersTable, { ...order, ...change });
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.aws.dynamo.items(NAMES.ordersTable)[0]).toMatchObject({ outboxAt: order.outboxAt });
  });

  it('that is delivered twice gives one notification', async () => {
    const system = startNotificationWorker();
    const { message } = anOutcome('COMPLETED');
    system.send(message);
    system.send(message);
    expect((await system.outcomes.take(2)).sort()).toEqual(['duplicate', 'processed']);
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.sent).toHaveLength(1);
    expect(system.notifications()).toHaveLength(1);
    // Made from the event the first time, from the stored item afterwards: the same to the byte.
    expect(new Set(system.published().map(({ detail }) => JSON.stringify(detail))).size).toBe(1);
    expect(system.published()[0]?.detail.metadata).toMatchObject({ causationId: message.detail.metadata.eventId });
  });

  it('of a later life gives a notification of its own', async () => {
    const system = startNotificationWorker();
    const failed = anOutcome('FAILED');
    const completed = structuredClone(anOutcome('COMPLETED', 5).message);
    Object.assign(completed.detail.data, { orderId: failed.orderId });
    system.send(failed.message);
    system.send(completed);
    expect(await system.outcomes.take(2)).toEqual(['processed', 'processed']);
    expect(system.sent.map(({ orderId }) => orderId)).toEqual([failed.orderId, failed.orderId]);
  });

  it('is tried again as one and the same notification', async () => {
    const system = startNotificationWorker();
    let failures = 2;
    system.plan.send = async () => {
      if (failures-- > 0) throw new Error('the provider did not answer');
    };
    const { id, message } = anOutcome('COMPLETED');
    system.send(message);
    await system.untilEmpty();
    expect(system.outcomes.all.map(({ outcome }) => outcome)).toEqual(['retry', 'retry', 'processed']);
    expect(system.sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual([id, id, id]);
    expect(system.notifications()).toMatchObject([{ status: 'SENT', effects: 1 }]);
  });

  it.each([
    ['INVALID_EVENT', 'detail.data.failure.code', { code: 'not a code' }],
    ['INVALID_EVENT', 'detail.data.failure.retriable', { retriable: 'yes' }],
  ])('that is not as agreed is dead-lettered as %s with %s', async (code, path, change) => {
    const system = startNotificationWorker();
    const message = structuredClone(anOutcome('FAILED').message);
    Object.assign((message.detail.data as { failure: object }).failure, change);
    system.send(message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code, path }]);
    expect(system.notifications()).toEqual([]);
  });

  it('without a failure that can be read is dead-lettered', async () => {
    const system = startNotificationWorker();
    const message = structuredClone(anOutcome('FAILED').message);
    Object.assign(message.detail.data, { failure: [] });
    system.send(message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
  });
});

describe('the worker', () => {
  it('keeps the neighbours of a bad message unharmed', async () => {
    const system = startNotificationWorker();
    const [one, two] = [aNotification(system), aNotification(system)];
    system.send(one.message);
    system.send('not JSON');
    system.send(two.message);
    await system.outcomes.take(3);
    for (const { id } of [one, two]) expect(system.notification(id)).toMatchObject({ status: 'SENT' });
    expect(system.deadLetters()).toMatchObject([{ code: 'NOT_JSON' }]);
  });

  it('pauses while the table is away, and loses nothing', async () => {
    const system = startNotificationWorker({ MAX_RECEIVES: '1' });
    await system.log.next('polling');
    const paused = system.log.next('paused: a dependency is away');
    system.aws.dynamo.failAlways('*', connectionRefused);
    system.send(anOutcome('COMPLETED').message);
    system.send(aNotification(system).message);
    await paused;
    system.aws.dynamo.heal();
    await system.untilEmpty();
    expect(system.deadLetters()).toEqual([]);
    expect(system.notifications().map((item) => item.status)).toEqual(['SENT', 'SENT']);
    expect(system.sent).toHaveLength(2);
  });

  it('finishes what is in flight when it is stopped', async () => {
    const system = startNotificationWorker();
    let finish: () => void = () => undefined;
    system.plan.send = () => new Promise((resolve) => (finish = resolve));
    const { id, message } = aNotification(system);
    system.send(message);
    await eventually(() => system.sent.length === 1);
    const stopping = system.worker.stop();
    finish();
    await stopping;
    expect(system.notification(id)).toMatchObject({ status: 'SENT' });
    expect(system.queued()).toEqual([]);
  });
});
