import { describe, expect, it } from '@jest/globals';
import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { OUTCOME_CONSUMERS } from '@orderflow/domain/orders/orders-table';
import { erased } from '@orderflow/testing/erased';
import { aCompletedOrder, aSentNotification } from '@orderflow/testing/orderctl/notified-orders';
import { checkNotification } from './check-notification.js';
import { checkOrder } from './check-order.js';

const DAY_MS = 86_400_000;
const ENDED_AT = Date.UTC(2027, 2, 14, 15);
/** The retention is 30 days. */
const expiresAt = (ENDED_AT + 30 * DAY_MS) / 1_000;
const AROUND = { toleranceMs: 15_000, deadLettered: false };

function ofOrder(order: OrderRecord, { day = 0, notified = false } = {}) {
  const now = ENDED_AT + day * DAY_MS;
  const around = { ...AROUND, now, notified, consumers: OUTCOME_CONSUMERS, deadLetteredFor: [] };
  const { problems, outcome } = checkOrder(order, around);
  return [outcome, ...problems.map(({ kind }) => kind)];
}

function ofNotification(notification: NotificationRecord, order: OrderRecord | undefined, day = 0) {
  const { problems } = checkNotification(notification, order, { ...AROUND, now: ENDED_AT + day * DAY_MS });
  return problems.map(({ kind }) => kind);
}

describe('the audit of an expiring order', () => {
  const order = aCompletedOrder({ expiresAt });

  it('asks for its notification until seven days before', () => {
    expect(ofOrder(order, { day: 22 })).toEqual(['missing', 'notification-missing']);
    expect(ofOrder(order, { day: 23 })).toEqual(['expired']);
    expect(ofOrder(order, { day: 40 })).toEqual(['expired']);
    expect(ofOrder(order, { day: 23, notified: true })).toEqual(['notified']);
  });

  it('always asks for it if the order has no expiry', () => {
    expect(ofOrder(aCompletedOrder(), { day: 4_000 })).toEqual(['missing', 'notification-missing']);
  });
});

describe('the audit of a notification without an order', () => {
  const order = aCompletedOrder({ expiresAt });
  const sent = aSentNotification(order, { expiresAt });

  it('is a finding as long as its order must exist', () => {
    expect(ofNotification(sent, undefined, 22)).toEqual(['from-nowhere']);
    expect(ofNotification(sent, undefined, 23)).toEqual([]);
  });

  it('reports a requested notification without an order only if items are kept forever', () => {
    const { causationId: _cause, ...requested } = sent;
    expect(ofNotification(requested, undefined)).toEqual([]);
    const { expiresAt: _expiry, ...kept } = requested;
    expect(ofNotification(kept, undefined)).toEqual(['from-nowhere']);
  });

  it('accepts one that is left over from an order whose key was used again', () => {
    const again = aCompletedOrder({ ...order, version: 5, createdAt: new Date(ENDED_AT + 31 * DAY_MS).toISOString() });
    expect(ofNotification(sent, again, 31)).toEqual([]);
    const { expiresAt: _expiry, ...kept } = sent;
    expect(ofNotification(kept, again, 31)).toEqual(['stray-notification']);
  });
});

describe('the audit of an erased order', () => {
  it('expects no notification', () => {
    const order = aCompletedOrder();
    expect(ofOrder(erased(order))).toEqual(['erased']);
    expect(ofNotification(aSentNotification(order), erased(order))).toEqual(['not-erased']);
  });

  it('finds one that still has its customer id', () => {
    expect(ofOrder({ ...erased(aCompletedOrder()), customerId: 'customer-1' })).toEqual(['erased', 'not-erased']);
  });

  it('still demands that its outcome was applied once', () => {
    expect(ofOrder(erased(aCompletedOrder({ effects: 2 })))).toEqual(['erased', 'effects']);
  });
});
