import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventIdFor } from '../ids.js';
import { newNotificationRecord } from '../notifications/notification.js';
import { toLiveOrder } from '../orders/live-order.js';
import { orderCreated, orderOutcome } from '../orders/order-events.js';
import { ORDER_FEED } from '../orders/order-feed.js';
import { newOrderRecord, type OrderRecord } from '../orders/order.js';
import { isFollowedOrder, type FollowedOrder } from '../readable-item.js';
import { type StoredEntry } from '../work-item-record.js';
import { timelineOf } from './timeline.js';

const START = Date.UTC(2027, 2, 14, 15);
const at = (ms: number): string => new Date(START + ms).toISOString();
const TRACE = 'ab'.repeat(16);
const CONTEXT = {
  requestHash: '',
  correlationId: 'c-1',
  traceparent: `00-${TRACE}-${'cd'.repeat(8)}-01`,
  now: START,
  outboxAt: START + 5_000,
};

function order(timeline: Record<string, StoredEntry>, change: Partial<OrderRecord> = {}): OrderRecord {
  const items = [{ productId: 'p-1', productName: 'Kettle', quantity: 1, unitPrice: 12.5 }];
  const request = { customerId: 'customer-1', items, totalAmount: 12.5 };
  const record = newOrderRecord({ orderId: '0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11', request, ...CONTEXT });
  return { ...record, timeline: { ...record.timeline, ...timeline }, ...change };
}

const received = (ms: number, version: number, change: Partial<StoredEntry> = {}): StoredEntry => ({
  ...{ at: at(ms), sentAt: at(20), attempt: 1, messageId: 'm1', worker: 'host-1', version },
  ...change,
});

describe('timelineOf', () => {
  it('needs of an order what is projected of it, and no more', () => {
    const failure = { code: 'RETRIES_EXHAUSTED', message: 'no', retriable: true };
    const change = { status: 'FAILED', version: 3, failure } as const;
    const whole = order({ received_2: received(50, 2), failed_3: { at: at(70), version: 3 } }, change);
    const projected = Object.fromEntries(ORDER_FEED.projection.map((name) => [name, whole[name]]));
    expect(isFollowedOrder(projected)).toBe(true);
    expect(timelineOf(projected as FollowedOrder)).toEqual(timelineOf(whole));
    expect(toLiveOrder(projected as FollowedOrder, true)).toEqual(toLiveOrder(whole, true));
  });

  it('tells each step with its time, the time since the one before, state, event and trace', () => {
    const record = order(
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

  it('shows a message as sent once, however often it was received, and shows each copy', () => {
    const record = order({
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
    ['lost, and sent because of it', 8_000, ['accepted', 'republished', 'sent', 'received']],
    ['in the queue all the while', 20, ['accepted', 'sent', 'republished', 'received']],
  ])('tells when the sweeper published the event of a message again that was %s', (_, sentAt, expected) => {
    const record = order({
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
    const record = order(
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

  it('puts steps of one moment into the order of their versions, and of one version into that of their meaning', () => {
    const record = order({
      failed_3: { at: at(70), version: 3 },
      'dead-lettered_3': { at: at(70), version: 3, code: 'RECEIVES_EXHAUSTED' },
      cancelled_3: { at: at(70), version: 3 },
      received_4: received(70, 4, { messageId: 'm2', sentAt: at(65) }),
      replayed_4: { at: at(70), version: 4, messageId: 'm2' },
      received_2: received(50, 2),
    });
    expect(timelineOf(record).steps.map(({ step }) => step)).toEqual([
      ...['accepted', 'sent', 'received', 'cancelled', 'dead-lettered', 'failed', 'sent', 'replayed', 'received'],
    ]);
  });

  it('goes by the versions where the clocks of two hosts differ', () => {
    const record = order({
      received_2: received(-30, 2, { sentAt: at(-50) }),
      completed_3: { at: at(10), version: 3 },
    });
    const { steps } = timelineOf(record);
    expect(steps.map(({ step, sinceMs }) => [step, sinceMs])).toEqual([
      ['accepted', 0],
      ['sent', 0],
      ['received', 0],
      ['completed', 10],
    ]);
  });

  it('stays in order however clocks are set between its steps, over several lives and their notifications', () => {
    const clocks = fc.array(fc.constantFrom(-3_600_000, -1_000, 0, 1_000, 3_600_000), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(clocks, (offsets) => {
        let ms = 0;
        const next = () => at((ms += 100) + offsets[(ms / 100) % 12]!);
        const timeline: Record<string, StoredEntry> = {
          received_2: { at: next(), sentAt: next(), messageId: 'm1', version: 2 },
          failed_3: { at: next(), version: 3 },
          replayed_4: { at: next(), version: 4 },
          received_4: { at: next(), sentAt: next(), messageId: 'm2', version: 4 },
          completed_5: { at: next(), version: 5 },
        };
        const record = order(timeline, { status: 'COMPLETED', version: 5 });
        const lives = [eventIdFor(record.orderId, 'OrderFailed', 3), eventIdFor(record.orderId, 'OrderCompleted', 5)];
        const notifications = lives.map((causationId, life) => {
          const request = { orderId: record.orderId, channel: 'EMAIL', message: 'done' } as const;
          const made = { ...CONTEXT, notificationId: `n-${life}`, request, causationId };
          const steps = { accepted: { at: next(), version: 1 }, sent_3: { at: next(), version: 3 } };
          return { ...newNotificationRecord(made), timeline: steps };
        });
        const { steps } = timelineOf(record, notifications);
        const names = steps.map(({ step, notificationId }) => `${step} ${notificationId ?? ''}`.trim());
        const inOrder = (...expected: string[]) => {
          expect(names.filter((name) => expected.includes(name))).toEqual(expected);
        };
        inOrder('accepted', 'received', 'failed', 'replayed', 'received', 'completed');
        inOrder('failed', 'accepted n-0', 'notified n-0');
        inOrder('completed', 'accepted n-1', 'notified n-1');
        expect(steps.every(({ sinceMs }) => sinceMs >= 0)).toBe(true);
      }),
    );
  });

  it('gives the outcome of an earlier life no event of the present one', () => {
    const failure = { code: 'RETRIES_EXHAUSTED', message: 'no', retriable: true };
    const first = order({ failed_3: { at: at(70), version: 3 } }, { status: 'FAILED', version: 3, failure });
    expect(timelineOf(first).steps.at(-1)?.eventId).toBe(orderOutcome(first)?.detail.metadata.eventId);
    const replayed = { ...first, status: 'COMPLETED' as const, version: 5 };
    expect(timelineOf(replayed).steps.at(-1)).not.toHaveProperty('eventId');
  });

  it('takes notifications in, and keeps their messages apart from their being sent', () => {
    const record = order({ received_2: received(50, 2) });
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
