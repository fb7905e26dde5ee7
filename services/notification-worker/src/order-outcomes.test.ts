import { describe, expect, it } from '@jest/globals';
import { NAMES, startNotificationWorker } from '@orderflow/testing/notification-worker/start-worker';
import { anOutcome, aStoredOutcome } from '@orderflow/testing/notification-worker/messages';

describe("an order's outcome", () => {
  it.each([
    ['COMPLETED', (orderId: string) => `Your order ${orderId} is completed.`],
    ['FAILED', (orderId: string) => `Your order ${orderId} could not be completed (OUT_OF_STOCK).`],
  ] as const)('%s leads to a notification', async (status, text) => {
    const system = startNotificationWorker();
    const { orderId, event, id, message } = aStoredOutcome(system, status);
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

  it('is confirmed once its notification is stored, even if sending fails', async () => {
    const system = startNotificationWorker();
    system.plan.send = () => Promise.reject(new Error('the provider did not answer'));
    const { message } = aStoredOutcome(system, 'COMPLETED');
    system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    expect(system.notifications()).toHaveLength(1);
    expect(system.aws.dynamo.items(NAMES.ordersTable)).toMatchObject([{ status: 'COMPLETED', version: 3 }]);
    expect(system.aws.dynamo.items(NAMES.ordersTable)[0]).not.toHaveProperty('outboxAt');
  });

  it.each([
    ['a replay has started again', { status: 'PROCESSING', version: 4 }],
    ['has another outcome now', { status: 'COMPLETED', version: 5 }],
  ])('has no effect once the order %s', async (_name, change) => {
    const system = startNotificationWorker();
    const { order, message } = anOutcome('FAILED');
    system.aws.dynamo.seed(NAMES.ordersTable, { ...order, ...change });
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.notifications()).toEqual([]);
    expect(system.sent).toEqual([]);
    expect(system.aws.dynamo.items(NAMES.ordersTable)).toEqual([{ ...order, ...change }]);
  });

  it('leads to one notification when delivered twice', async () => {
    const system = startNotificationWorker();
    const { message } = aStoredOutcome(system, 'COMPLETED');
    system.send(message);
    system.send(message);
    expect((await system.outcomes.take(2)).sort()).toEqual(['duplicate', 'processed']);
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.sent).toHaveLength(1);
    expect(system.notifications()).toHaveLength(1);
    // Built from the event first and from the stored item later: the same bytes.
    expect(new Set(system.published().map(({ detail }) => JSON.stringify(detail))).size).toBe(1);
    expect(system.published()[0]?.detail.metadata).toMatchObject({ causationId: message.detail.metadata.eventId });
  });

  it('of a later life leads to a separate notification', async () => {
    const system = startNotificationWorker();
    const failed = aStoredOutcome(system, 'FAILED');
    system.send(failed.message);
    expect(await system.outcomes.next()).toBe('processed');
    const { orderId } = failed;
    system.send(aStoredOutcome(system, 'COMPLETED', { orderId, version: 5 }).message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.sent.map((sent) => sent.orderId)).toEqual([orderId, orderId]);
    expect(new Set(system.sent.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  });

  it('is retried as the same notification', async () => {
    const system = startNotificationWorker();
    let failures = 2;
    system.plan.send = async () => {
      if (failures-- > 0) throw new Error('the provider did not answer');
    };
    const { id, message } = aStoredOutcome(system, 'COMPLETED');
    system.send(message);
    await system.untilEmpty();
    expect(system.outcomes.all.map(({ outcome }) => outcome)).toEqual(['retry', 'retry', 'processed']);
    expect(system.sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual([id, id, id]);
    expect(system.notifications()).toMatchObject([{ status: 'SENT', effects: 1 }]);
  });

  it.each([
    ['INVALID_EVENT', 'detail.data.failure.code', { code: 'not a code' }],
    ['INVALID_EVENT', 'detail.data.failure.retriable', { retriable: 'yes' }],
  ])('that is invalid is dead-lettered as %s with %s', async (code, path, change) => {
    const system = startNotificationWorker();
    const message = structuredClone(anOutcome('FAILED').message);
    Object.assign((message.detail.data as { failure: object }).failure, change);
    system.send(message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code, path }]);
    expect(system.notifications()).toEqual([]);
  });

  it('with an unreadable failure is dead-lettered', async () => {
    const system = startNotificationWorker();
    const message = structuredClone(anOutcome('FAILED').message);
    Object.assign(message.detail.data, { failure: [] });
    system.send(message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
  });
});
