/** @import { DeadLetterSummary, Timeline, TimelineStep } from '@orderflow/contracts' */

/** @typedef {Pick<DeadLetterSummary, 'queue' | 'messageId' | 'code' | 'reason' | 'path' | 'replayRefusal'>} Letter */

/** @typedef {{ title: string, replay: string }} Words the subject of a dead letter, and what its replay does */

/** @type {Words} */
const OTHER_WORDS = {
  title: 'Dead letter about the order',
  replay: 'The order itself is not affected. Once the cause is gone, this sends the message again:',
};

/** @type {Partial<Record<DeadLetterSummary['queue'], Words>>} */
const WORDS = {
  orders: {
    title: 'Dead letter of the order',
    replay: 'Once the cause is fixed, this starts the order again:',
  },
  notifications: {
    title: 'Dead letter of a notification',
    replay: 'The order itself is not affected. Once the cause is fixed, this starts the notification again:',
  },
  undelivered: {
    title: 'An event that was not delivered',
    replay: 'Once the cause is fixed, this sends the event again:',
  },
};

/** @param {DeadLetterSummary['queue']} queue */
export const wordsFor = (queue) => WORDS[queue] ?? OTHER_WORDS;

/**
 * The dead letters to show with an order, its own first. Its own may only be in the timeline: the API lists only some.
 * @param {readonly Letter[]} listed the order's letters that the API lists
 * @param {Timeline | undefined} timeline
 * @returns {Letter[]}
 */
export function lettersOfOrder(listed, timeline) {
  const own = listed.filter(({ queue }) => queue === 'orders');
  const others = listed.filter(({ queue }) => queue !== 'orders');
  const messageId = timeline?.deadLetter;
  if (own.length > 0 || messageId === undefined) return [...own, ...others];
  const step = timeline?.steps.findLast((one) => one.step === 'dead-lettered' && one.messageId === messageId);
  const { code = 'RECEIVES_EXHAUSTED', reason = '' } = step ?? {};
  return [{ queue: 'orders', messageId, code, reason }, ...others];
}

/**
 * The timeline, with a step for each dead letter that it lacks: a message that could not be decoded, or a copy that was
 * dead-lettered after the order ended.
 * @param {Timeline} timeline
 * @param {readonly DeadLetterSummary[]} listed the order's letters that the API lists
 * @returns {Timeline}
 */
export function withLetterSteps(timeline, listed) {
  const known = new Set(
    timeline.steps.filter(({ step }) => step === 'dead-lettered').map(({ messageId }) => messageId),
  );
  const [first] = timeline.steps;
  const missing = listed.filter(({ originalMessageId }) => !known.has(originalMessageId));
  if (!first || missing.length === 0) return timeline;

  const startMs = Date.parse(first.at);
  let atMs = startMs;
  // Uses the times that the API has put in order, not the clocks'.
  const placed = timeline.steps.map((step) => ({ step, atMs: (atMs += step.sinceMs) }));
  const added = missing.map(({ queue, sentAt, originalMessageId, code, reason, notificationId, attempts }) => {
    const known = { at: sentAt, sinceMs: 0, code, reason, messageId: originalMessageId, attempt: attempts };
    const isNotification = queue === 'notifications' && notificationId !== undefined;
    /** @type {Pick<TimelineStep, 'subject' | 'notificationId'>} */
    const subject = isNotification ? { subject: 'notification', notificationId } : { subject: 'order' };
    /** @type {TimelineStep} */
    const step = { step: 'dead-lettered', ...known, ...subject, correlationId: first.correlationId };
    return { step, atMs: Math.max(startMs, Date.parse(sentAt)) };
  });
  const all = [...placed, ...added].sort((a, b) => a.atMs - b.atMs);
  const steps = all.map(({ step, atMs: at }, index) => ({ ...step, sinceMs: at - (all[index - 1]?.atMs ?? at) }));
  return { ...timeline, steps };
}
