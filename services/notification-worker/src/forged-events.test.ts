import { describe, expect, it } from '@jest/globals';
import { contentHashOf } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { aNotification, anOutcome, aStoredOutcome } from '@orderflow/testing/notification-worker/messages';
import { NAMES, startNotificationWorker } from '@orderflow/testing/notification-worker/start-worker';

type Message = ReturnType<typeof anOutcome>['message'];

/** A copy with other data, whose hash is computed again as a forger would. */
function forged<M extends { detail: object }>(message: M, change: object): M {
  const copy = structuredClone(message) as M & Message;
  Object.assign(copy.detail.data, change);
  copy.detail.metadata.contentHash = contentHashOf(copy.detail.data);
  return copy;
}

describe('an outcome that the stored order does not have', () => {
  it.each([
    ['of an order that is pending', { status: 'PENDING', version: 1 }, {}],
    ['of an order that is being worked on', { status: 'PROCESSING', version: 2 }, {}],
    ['at a version that the order has not reached', {}, { orderVersion: 4 }],
    ['with another customer', {}, { customerId: 'customer-2' }],
    ['at another time', {}, { completedAt: '2031-01-01T00:00:00.000Z' }],
    ['with one more property', {}, { more: 1 }],
    ['of an order that failed', { status: 'FAILED', failure: { code: 'A', message: 'b', retriable: true } }, {}],
  ] as const)('%s is dead-lettered, and tells nobody', async (_what, stored, change) => {
    const system = startNotificationWorker();
    const { order, message } = anOutcome('COMPLETED');
    system.aws.dynamo.seed(NAMES.ordersTable, { ...order, ...stored });
    system.send(forged(message, change));
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code: 'EVENT_MISMATCH', path: 'detail.data' }]);
    expect(system.notifications()).toEqual([]);
    expect(system.sent).toEqual([]);
    expect(system.aws.dynamo.items(NAMES.ordersTable)).toEqual([{ ...order, ...stored }]);
  });

  it('of an unknown order is dead-lettered', async () => {
    const system = startNotificationWorker();
    system.send(anOutcome('COMPLETED').message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code: 'UNKNOWN_ITEM', path: 'detail.data.orderId' }]);
    expect(system.notifications()).toEqual([]);
  });

  it('ends nothing when its attempts are used up', async () => {
    const system = startNotificationWorker({ MAX_RECEIVES: '1' });
    system.aws.dynamo.failAlways('BatchGet', new Error('something is wrong'));
    system.send(anOutcome('COMPLETED').message);
    expect(await system.outcomes.next()).toBe('retry');
    system.aws.dynamo.heal();
    system.pass(60);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.notifications()).toEqual([]);
  });
});

describe("an order's real outcome", () => {
  it('is told once, and as stored, whatever the envelopes of its copies say', async () => {
    const system = startNotificationWorker();
    const { id, event, message } = aStoredOutcome(system, 'COMPLETED');
    for (const change of [{}, { eventId: newId() }, { correlationId: 'forged' }, { contentHash: undefined }]) {
      const copy = structuredClone(message);
      Object.assign(copy.detail.metadata, change);
      system.send(copy);
      await system.outcomes.next();
    }
    const { eventId: causationId, correlationId } = event.detail.metadata;
    expect(system.outcomes.all.map(({ outcome }) => outcome)).toEqual([
      'processed',
      ...['duplicate', 'duplicate', 'duplicate'],
    ]);
    expect(system.sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual([id]);
    expect(system.notifications()).toMatchObject([{ notificationId: id, causationId, correlationId }]);
  });

  it('stores the hash by which the event of its notification is believed', async () => {
    const system = startNotificationWorker();
    const { message } = aStoredOutcome(system, 'COMPLETED');
    system.send(message);
    await system.outcomes.next();
    const [{ notificationId, orderId, channel, message: text, createdAt, contentHash } = {}] = system.notifications();
    expect(contentHash).toBe(contentHashOf({ notificationId, orderId, channel, message: text, createdAt }));
  });

  it('is read in shared calls', async () => {
    const system = startNotificationWorker({ WORKER_POLLERS: '1' });
    for (let count = 0; count < 30; count++) system.send(aStoredOutcome(system, 'COMPLETED').message);
    await system.untilEmpty();
    expect(system.sent).toHaveLength(30);
    expect(system.aws.dynamo.callsOf('BatchGet').length).toBeLessThan(15);
  });
});

describe('a notification whose event says something else', () => {
  it.each([
    ['another text', { message: 'Send us your password.' }],
    ['another order', { orderId: newId() }],
    ['another time', { createdAt: '2031-01-01T00:00:00.000Z' }],
  ])('with %s is dead-lettered, and the notification is untouched', async (_what, change) => {
    const system = startNotificationWorker();
    const { id, message } = aNotification(system);
    const before = system.notification(id);
    system.send(forged(message, change));
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code: 'EVENT_MISMATCH', path: 'detail.data' }]);
    expect(system.notification(id)).toEqual(before);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.sent).toMatchObject([{ message: 'Your parcel is on its way.' }]);
  });
});
