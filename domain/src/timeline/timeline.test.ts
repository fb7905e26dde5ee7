import { describe, expect, it } from '@jest/globals';
import { at, CONTEXT, orderWith, received, START, TRACE } from '@orderflow/testing/timelines';
import { newNotificationRecord } from '../notifications/notification.js';
import { toLiveOrder } from '../orders/live-order.js';
import { orderCreated, orderOutcome } from '../orders/order-events.js';
import { ORDER_FEED } from '../orders/order-feed.js';
import { isFollowedOrder, type FollowedOrder } from '../readable-item.js';
import { timelineOf } from './timeline.js';

describe('timelineOf', () => {
  it('needs only the projected attributes of an order', () => {
    const failure = { code: 'RETRIES_EXHAUSTED', message: 'no', retriable: true };
    const change = { status: 'FAILED', version: 3, failure } as const;
    const whole = orderWith({ received_2: received(50, 2), failed_3: { at: at(70), version: 3 } }, change);
    const projected = Object.fromEntries(ORDER_FEED.projection.map((name) => [name, whole[name]]));
    expect(isFollowedOrder(projected)).toBe(true);
    expect(timelineOf(projected as FollowedOrder)).toEqual(timelineOf(whole));
    expect(toLiveOrder(projected as FollowedOrder, true)).toEqual(toLiveOrder(whole, true));
  });

  it('shows each entry with its time, the time since the previous one, state, event and trace', () => {
    const record = orderWith(
      { received_2: received(50, 2), completed_3: { at: at(300), version: 3 } },
      { status: 'COMPLETED', version: 3, updatedAt: at(300) },
    );
    const { steps, ...rest } = timelineOf(record);
    expect(rest).toEqual({ orderId: record.orderId, status: 'COMPLETED', replayable: false });
    const base = { subject: 'order', correlationId: 'c-1', traceId: TRACE };
    expect(steps).toEqual([
      {
        ...{ ...base, step: 'accepted', at: at(0), sinceMs: 0, status: 'PENDING', version: 1 },
        eventId: orderCreated(record).detail.metadata.eventId,
      },
      { ...base, step: 'sent', at: at(20), sinceMs: 20, messageId: 'm1' },
      {
        ...{ ...base, step: 'received', at: at(50), sinceMs: 30, status: 'PROCESSING', version: 2 },
        ...{ attempt: 1, messageId: 'm1', worker: 'host-1' },
      },
      {
        ...{ ...base, step: 'completed', at: at(300), sinceMs: 250, status: 'COMPLETED', version: 3 },
        eventId: orderOutcome(record)?.detail.metadata.eventId,
      },
    ]);
  });

  it('shows a message that was received several times as sent once, and shows each copy', () => {
    const record = orderWith({
      received_2: received(50, 2),
      retried_3: { at: at(60), version: 3, delaySeconds: 2, reason: 'WarehouseError' },
      received_4: received(2_100, 4, { attempt: 2 }),
      received_5: received(9_000, 5, { messageId: 'm2', sentAt: at(8_900) }),
    });
    const steps = timelineOf(record).steps.map(({ step, messageId, attempt }) => [step, messageId, attempt]);
    expect(steps).toEqual([
      ['accepted', undefined, undefined],
      ['sent', 'm1', undefined],
      ['received', 'm1', 1],
      ['retried', undefined, undefined],
      ['received', 'm1', 2],
      ['sent', 'm2', undefined],
      ['received', 'm2', 1],
    ]);
    expect(timelineOf(record).steps[3]).toMatchObject({ delaySeconds: 2, reason: 'WarehouseError' });
  });

  it.each([
    ['lost', 8_000, ['accepted', 'republished', 'sent', 'received']],
    ['in the queue all the time', 20, ['accepted', 'sent', 'republished', 'received']],
  ])('shows when the sweeper republished the event of a message that was %s', (_, sentAt, expected) => {
    const record = orderWith({
      received_2: received(9_000, 2, { sentAt: at(sentAt) }),
      republished_1: { at: at(7_000), version: 1, eventId: '0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a12' },
    });
    const { steps } = timelineOf(record);
    expect(steps.map(({ step }) => step)).toEqual(expected);
    const republished = steps.find(({ step }) => step === 'republished');
    expect(republished).toMatchObject({ at: at(7_000), eventId: '0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a12' });
    expect(republished).not.toHaveProperty('version');
  });

  it('lists each publication of an unconfirmed outcome after the outcome itself', () => {
    const record = orderWith(
      {
        republished_2: { at: at(20_000), version: 3 },
        republished_1: { at: at(9_000), version: 3 },
        completed_3: { at: at(300), version: 3 },
        received_2: received(50, 2),
      },
      { status: 'COMPLETED', version: 3, updatedAt: at(300) },
    );
    expect(timelineOf(record).steps.slice(-3)).toMatchObject([
      ...[{ step: 'completed' }, { step: 'republished', at: at(9_000) }, { step: 'republished', at: at(20_000) }],
    ]);
  });

  it('never shows an event of the current life with an earlier outcome', () => {
    const failure = { code: 'RETRIES_EXHAUSTED', message: 'no', retriable: true };
    const first = orderWith({ failed_3: { at: at(70), version: 3 } }, { status: 'FAILED', version: 3, failure });
    expect(timelineOf(first).steps.at(-1)?.eventId).toBe(orderOutcome(first)?.detail.metadata.eventId);
    const replayed = { ...first, status: 'COMPLETED' as const, version: 5 };
    expect(timelineOf(replayed).steps.at(-1)).not.toHaveProperty('eventId');
  });

  it('includes notifications, and does not confuse sending a message with sending the notification', () => {
    const record = orderWith({ received_2: received(50, 2) });
    const request = { orderId: record.orderId, channel: 'EMAIL', message: 'done' } as const;
    const notification = {
      ...newNotificationRecord({ ...CONTEXT, notificationId: 'n-1', request, causationId: 'e-1', now: START + 400 }),
      timeline: {
        accepted: { at: at(400), version: 1 },
        received_2: received(410, 2, { messageId: 'm9', sentAt: at(390) }),
        sent_3: { at: at(420), version: 3 },
      },
    };
    const steps = timelineOf(record, [notification]).steps.filter(({ subject }) => subject === 'notification');
    expect(steps.map(({ step, status, notificationId }) => [step, status, notificationId])).toEqual([
      ['sent', undefined, 'n-1'],
      ['accepted', 'PENDING', 'n-1'],
      ['received', 'SENDING', 'n-1'],
      ['notified', 'SENT', 'n-1'],
    ]);
    expect(steps[1]?.eventId).toBe('e-1');
  });
});
