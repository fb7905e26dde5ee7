import { describe, expect, it } from '@jest/globals';
import type { DeadLetterSummary, Timeline } from '@orderflow/contracts';
import { lettersOfOrder, withLetterSteps, wordsFor } from './order-letters.js';

const letter = (queue: 'orders' | 'notifications' | 'undelivered', messageId: string = queue) => ({
  ...{ queue, messageId, code: 'RECEIVES_EXHAUSTED', reason: 'not finished after 4 attempts' },
});

function timelineWith(status: Timeline['status'], subject: 'order' | 'notification'): Timeline {
  const given =
    status === 'FAILED' && subject === 'order' ? { replayable: true, deadLetter: 'm-1' } : { replayable: false };
  const step = { step: 'dead-lettered' as const, subject, messageId: 'm-1', code: 'RECEIVES_EXHAUSTED' };
  return {
    orderId: 'o-1',
    status,
    ...given,
    steps: [{ ...step, at: '2027-01-01T00:00:00.000Z', sinceMs: 0, correlationId: 'c' }],
    nextCursor: null,
  };
}

describe('the dead letters of an order', () => {
  it("include all that the API lists, the order's own first", () => {
    const told = [letter('notifications'), letter('undelivered'), letter('orders')];
    expect(lettersOfOrder(told, undefined).map(({ queue }) => queue)).toEqual([
      ...['orders', 'notifications', 'undelivered'],
    ]);
  });

  it("include the order's own letter that only the timeline has, even beside a notification's", () => {
    const timeline = timelineWith('FAILED', 'order');
    const own = { queue: 'orders', messageId: 'm-1', code: 'RECEIVES_EXHAUSTED', reason: '' };
    expect(lettersOfOrder([], timeline)).toEqual([own]);
    expect(lettersOfOrder([letter('notifications')], timeline)).toEqual([own, letter('notifications')]);
    expect(lettersOfOrder([letter('orders')], timeline)).toEqual([letter('orders')]);
  });

  it.each([
    ['an order that was completed in the end', timelineWith('COMPLETED', 'order')],
    ["a notification's timeline step", timelineWith('FAILED', 'notification')],
  ])('are not derived from %s', (_, timeline) => {
    expect(lettersOfOrder([], timeline)).toEqual([]);
  });

  it('appear once in the timeline, at their time', () => {
    const base = { subject: 'order' as const, correlationId: 'c' };
    const at = (seconds: number) => new Date(Date.UTC(2027, 0, 1, 0, 0, seconds)).toISOString();
    const timeline: Timeline = {
      ...{ orderId: 'o-1', status: 'FAILED', replayable: true, deadLetter: 'm-1', nextCursor: null },
      steps: [
        { ...base, step: 'accepted', at: at(0), sinceMs: 0 },
        { ...base, step: 'dead-lettered', at: at(10), sinceMs: 10_000, messageId: 'm-1' },
        { ...base, step: 'failed', at: at(10), sinceMs: 0 },
      ],
    };
    const told = (originalMessageId: string, seconds: number, change: Partial<DeadLetterSummary> = {}) => ({
      ...{ queue: 'orders' as const, messageId: `copy of ${originalMessageId}`, originalMessageId, code: 'NOT_JSON' },
      ...{ reason: 'no', firstReceivedAt: at(seconds), sentAt: at(seconds), replayCount: 0, orderId: 'o-1', ...change },
    });
    const letters = [
      told('m-1', 11),
      told('m-2', 4),
      told('m-3', 12, { queue: 'notifications', notificationId: 'n-1' }),
    ];
    const { steps } = withLetterSteps(timeline, letters);
    expect(steps.map(({ step, subject, messageId, sinceMs }) => [step, subject, messageId, sinceMs])).toEqual([
      ['accepted', 'order', undefined, 0],
      ['dead-lettered', 'order', 'm-2', 4_000],
      ['dead-lettered', 'order', 'm-1', 6_000],
      ['failed', 'order', undefined, 0],
      ['dead-lettered', 'notification', 'm-3', 2_000],
    ]);
    expect(withLetterSteps(timeline, letters.slice(0, 1))).toBe(timeline);
  });

  it("say that a replay starts the order only if they are the order's own", () => {
    expect(wordsFor('orders').replay).toContain('starts the order again');
    for (const queue of ['notifications', 'undelivered'] as const) {
      expect(wordsFor(queue).replay).not.toContain('the order again');
      expect(wordsFor(queue).title).not.toContain('of the order');
    }
  });
});
