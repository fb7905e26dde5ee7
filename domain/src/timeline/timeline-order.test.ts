import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { at, CONTEXT, orderWith, received } from '@orderflow/testing/timelines';
import { eventIdFor } from '../ids.js';
import { newNotificationRecord } from '../notifications/notification.js';
import type { StoredEntry } from '../work-item-record.js';
import { timelineOf } from './timeline.js';

describe('a timeline', () => {
  it('sorts entries of the same time by version, then by meaning', () => {
    const record = orderWith({
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

  it('sorts entries by version when the clocks of two hosts differ', () => {
    const record = orderWith({
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

  it('keeps lives and notifications in order, whatever the clocks say', () => {
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
        const record = orderWith(timeline, { status: 'COMPLETED', version: 5 });
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
});
