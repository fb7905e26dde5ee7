import { describe, expect, it } from '@jest/globals';
import type { Timeline } from '@orderflow/contracts';
import { lettersOfOrder, WORDS } from './order-letters.js';

const letter = (queue: 'orders' | 'notifications' | 'undelivered', messageId: string = queue) => ({
  ...{ queue, messageId, code: 'RECEIVES_EXHAUSTED', reason: 'not finished after 4 attempts' },
});

function timelineWith(status: Timeline['status'], subject: 'order' | 'notification'): Timeline {
  const step = { step: 'dead-lettered' as const, subject, messageId: 'm-1', code: 'RECEIVES_EXHAUSTED' };
  return {
    orderId: 'o-1',
    status,
    steps: [{ ...step, at: '2027-01-01T00:00:00.000Z', sinceMs: 0, correlationId: 'c' }],
    nextCursor: null,
  };
}

describe('the dead letters of an order', () => {
  it('are all that the API tells of, its own first', () => {
    const told = [letter('notifications'), letter('undelivered'), letter('orders')];
    expect(lettersOfOrder(told, undefined).map(({ queue }) => queue)).toEqual([
      ...['orders', 'notifications', 'undelivered'],
    ]);
  });

  it('include its own that only its timeline tells of, also beside that of a notification', () => {
    const timeline = timelineWith('FAILED', 'order');
    const own = { queue: 'orders', messageId: 'm-1', code: 'RECEIVES_EXHAUSTED', reason: '' };
    expect(lettersOfOrder([], timeline)).toEqual([own]);
    expect(lettersOfOrder([letter('notifications')], timeline)).toEqual([own, letter('notifications')]);
    expect(lettersOfOrder([letter('orders')], timeline)).toEqual([letter('orders')]);
  });

  it.each([
    ['an order that was completed in the end', timelineWith('COMPLETED', 'order')],
    ["a notification's timeline step", timelineWith('FAILED', 'notification')],
  ])('are not made up from %s', (_, timeline) => {
    expect(lettersOfOrder([], timeline)).toEqual([]);
  });

  it('say that a replay starts the order only when it is of the order', () => {
    expect(WORDS.orders.replay).toContain('starts the order again');
    for (const queue of ['notifications', 'undelivered'] as const) {
      expect(WORDS[queue].replay).not.toContain('the order again');
      expect(WORDS[queue].title).not.toContain('of the order');
    }
  });
});
