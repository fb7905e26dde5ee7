/** @import { DeadLetterSummary, Timeline } from '@orderflow/contracts' */

/** @typedef {Pick<DeadLetterSummary, 'queue' | 'messageId' | 'code' | 'reason'>} Letter */

/**
 * What a dead letter is of, and what its replay does.
 * @type {Record<DeadLetterSummary['queue'], { title: string, replay: string }>}
 */
export const WORDS = {
  orders: {
    title: 'Dead letter of the order',
    replay: 'Once its cause is gone, this starts the order again:',
  },
  notifications: {
    title: 'Dead letter of a notification',
    replay: 'The order itself is not affected. Once the cause is gone, this starts the notification again:',
  },
  undelivered: {
    title: 'An event that was not delivered',
    replay: 'Once its cause is gone, this sends the event again:',
  },
};

/**
 * The order's own dead letter, told by its timeline: the API tells of some letters only.
 * @param {Timeline | undefined} timeline
 * @returns {Letter | undefined}
 */
function ownLetterIn(timeline) {
  const step = timeline?.steps.findLast((one) => one.step === 'dead-lettered' && one.subject === 'order');
  if (timeline?.status !== 'FAILED' || step?.messageId === undefined) return undefined;
  const { messageId, code = 'RECEIVES_EXHAUSTED', reason = '' } = step;
  return { queue: 'orders', messageId, code, reason };
}

/**
 * The dead letters to show with an order, its own first.
 * @param {readonly Letter[]} told those of the order that the API tells of
 * @param {Timeline | undefined} timeline
 * @returns {Letter[]}
 */
export function lettersOfOrder(told, timeline) {
  const own = told.filter(({ queue }) => queue === 'orders');
  const fromTimeline = own.length === 0 ? ownLetterIn(timeline) : undefined;
  return [...own, ...(fromTimeline ? [fromTimeline] : []), ...told.filter(({ queue }) => queue !== 'orders')].map(
    ({ queue, messageId, code, reason }) => ({ queue, messageId, code, reason }),
  );
}
