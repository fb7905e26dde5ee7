import { describe, expect, it } from '@jest/globals';
import { erased } from '@orderflow/testing/erased';
import { NAMES, startNotificationWorker } from '@orderflow/testing/notification-worker/start-worker';
import { anOutcome, aStoredOutcome } from '@orderflow/testing/notification-worker/messages';

const inThirtyDays = (nowMs: number): number => Math.ceil(nowMs / 1_000) + 30 * 86_400;

describe('RETENTION_DAYS', () => {
  it('begins for an order with its confirmation, and for its notification when that is sent', async () => {
    const system = startNotificationWorker({ RETENTION_DAYS: '30' });
    const { message } = aStoredOutcome(system, 'COMPLETED');
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    const expiry = { expiresAt: inThirtyDays(system.now()) };
    expect(system.aws.dynamo.items(NAMES.ordersTable)).toMatchObject([expiry]);
    expect(system.notifications()).toMatchObject([{ status: 'SENT', ...expiry }]);
  });

  it('does not begin for a notification that is still to be sent', async () => {
    const system = startNotificationWorker({ RETENTION_DAYS: '30' });
    system.plan.send = () => Promise.reject(new Error('the provider did not answer'));
    system.send(aStoredOutcome(system, 'COMPLETED').message);
    expect(await system.outcomes.next()).toBe('retry');
    expect(system.notifications()[0]).not.toHaveProperty('expiresAt');
  });
});

describe('a late copy of an event', () => {
  it('whose order has expired notifies nobody, and is dead-lettered', async () => {
    const system = startNotificationWorker();
    system.send(anOutcome('COMPLETED').message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.notifications()).toEqual([]);
    expect(system.sent).toEqual([]);
    expect(system.deadLetters()).toMatchObject([{ code: 'UNKNOWN_ITEM' }]);
  });

  it('whose order was accepted again, with the same idempotency key, notifies nobody', async () => {
    const system = startNotificationWorker();
    const { order, message } = anOutcome('COMPLETED');
    const again = { ...order, createdAt: '2027-03-14T00:00:00.000Z', updatedAt: '2027-03-14T00:00:01.000Z' };
    system.aws.dynamo.seed(NAMES.ordersTable, again);
    system.send(message);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.sent).toEqual([]);
    expect(system.deadLetters()).toMatchObject([{ code: 'EVENT_MISMATCH' }]);
  });

  it.each(['COMPLETED', 'FAILED'] as const)('whose %s order was erased has no effect', async (status) => {
    const system = startNotificationWorker();
    const { order, message } = anOutcome(status);
    system.aws.dynamo.seed(NAMES.ordersTable, erased(order));
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.notifications()).toEqual([]);
    expect(system.deadLetters()).toEqual([]);
    expect(system.aws.dynamo.items(NAMES.ordersTable)).toEqual([erased(order)]);
  });
});
