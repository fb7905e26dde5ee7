/** @import { TimelineStep } from '@orderflow/contracts' */

/** How the time before a step was spent. */
/** @typedef {'start' | 'delivery' | 'queue' | 'work' | 'backoff' | 'notification'} Phase */

/**
 * A row of the picture: a bar from the previous step of the same subject to this one.
 * @typedef {object} Row
 * @property {TimelineStep} step
 * @property {Phase} phase
 * @property {number} fromMs since the first step
 * @property {number} toMs
 */

/** Limits the picture. The table below it has every step. */
export const MAX_ROWS = 60;

/** @type {(step: TimelineStep, before: TimelineStep | undefined) => Phase} */
function phaseOf({ step, subject }, before) {
  if (subject === 'notification') return 'notification';
  if (!before) return 'start';
  // Every step after a retry, dead letters included, follows the next receive.
  if (before.step === 'retried' && step !== 'replayed') return 'backoff';
  if (step === 'republished')
    return before.step === 'sent' ? 'queue' : before.step === 'received' ? 'work' : 'delivery';
  if (step === 'sent' || step === 'replayed' || step === 'undelivered') return 'delivery';
  return step === 'received' ? 'queue' : 'work';
}

/**
 * @param {TimelineStep[]} steps oldest first
 * @returns {Row[]}
 */
export function rowsOf(steps) {
  let toMs = 0;
  /** Last step by subject, and its time. @type {Map<string, { step: TimelineStep, toMs: number }>} */
  const last = new Map();
  /** @type {Row[]} */
  const rows = [];
  for (const step of steps.slice(0, MAX_ROWS)) {
    const subject = step.notificationId ?? step.subject;
    const previous = rows.at(-1);
    // A notification starts at the step that it reports.
    const before = last.get(subject) ?? previous;
    // Not the difference of two times: clocks may differ, and the API has put the steps in order.
    if (previous) toMs += step.sinceMs;
    last.set(subject, { step, toMs });
    rows.push({ step, phase: phaseOf(step, before?.step), fromMs: before?.toMs ?? toMs, toMs });
  }
  return rows;
}

/** Round steps for the time axis, about as many as wanted. @type {(endMs: number, wanted: number) => number[]} */
export function ticksOf(endMs, wanted) {
  const rough = Math.max(1, endMs / wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(endMs / step) + 1 }, (_, index) => index * step);
}
