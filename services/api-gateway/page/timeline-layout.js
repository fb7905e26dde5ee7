/** @import { TimelineStep } from '@orderflow/contracts' */

/** What went by until a step: who had the order, or what it waited for. */
/** @typedef {'start' | 'delivery' | 'queue' | 'work' | 'backoff' | 'notification'} Phase */

/**
 * A row of the picture: a bar from the step before it, of the same subject, to this one.
 * @typedef {object} Row
 * @property {TimelineStep} step
 * @property {Phase} phase
 * @property {number} fromMs since the first step
 * @property {number} toMs
 */

/** The picture stays one; the table below it has every step. */
export const MAX_ROWS = 60;

/**
 * @param {TimelineStep} step
 * @param {TimelineStep | undefined} before
 * @returns {Phase}
 */
function phaseOf({ step, subject }, before) {
  if (subject === 'notification') return 'notification';
  if (!before) return 'start';
  if (step === 'sent' || step === 'replayed' || step === 'undelivered') return 'delivery';
  // What comes after a retry, a dead letter too, comes with the next receive.
  if (before.step === 'retried') return 'backoff';
  return step === 'received' ? 'queue' : 'work';
}

/**
 * @param {TimelineStep[]} steps oldest first
 * @returns {Row[]}
 */
export function rowsOf(steps) {
  const start = Date.parse(steps[0]?.at ?? '');
  /** Last step by subject. @type {Map<string, TimelineStep>} */
  const last = new Map();
  return steps.slice(0, MAX_ROWS).map((step, index) => {
    const subject = step.notificationId ?? step.subject;
    // A notification begins with what it tells of.
    const before = last.get(subject) ?? steps[index - 1];
    last.set(subject, step);
    const toMs = Date.parse(step.at) - start;
    return { step, phase: phaseOf(step, before), fromMs: before ? Date.parse(before.at) - start : toMs, toMs };
  });
}

/**
 * Round steps for the time axis.
 * @param {number} endMs
 * @param {number} wanted about so many
 */
export function ticksOf(endMs, wanted) {
  const rough = Math.max(1, endMs / wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(endMs / step) + 1 }, (_, index) => index * step);
}
