/** @import { Timeline, TimelineStep } from '@orderflow/contracts' */
/** @import { Phase, Row } from './timeline-layout.js' */
import { element, svg } from './dom.js';
import { counted, duration } from './format.js';
import { MAX_ROWS, rowsOf, ticksOf } from './timeline-layout.js';

const ROW_PX = 26;
const BAR_PX = 12;
const AXIS_PX = 22;
const MIN_BAR_PX = 2;
/** Space for the duration to the right of the last mark. */
const DURATION_PX = 74;

/** @type {Record<Exclude<Phase, 'start'>, string>} */
const PHASES = {
  delivery: 'on the bus',
  queue: 'waits in the queue',
  work: 'in progress',
  backoff: 'waits for the retry',
  notification: 'notification',
};

/** @param {TimelineStep} step */
export function nameOf({ step, subject, attempt }) {
  const of = subject === 'notification' ? 'notification ' : '';
  const again = attempt !== undefined && attempt > 1 ? ` (${attempt})` : '';
  // Not an attempt: the message was received again after the last one.
  if (step === 'received' && attempt === undefined) return `${of}given up`;
  if (step === 'notified') return `customer notified${again}`;
  if (step === 'cancelled') return 'warehouse cancelled';
  return step === 'republished' ? `${of}published again` : `${of}${step}${again}`;
}

/** A shape for each kind of step. @type {Partial<Record<TimelineStep['step'], string>>} */
const SHAPES = {
  retried: 'M0 -6 6 5 -6 5Z',
  republished: 'M0 -6 6 5 -6 5Z',
  'dead-lettered': 'M0 -7 7 0 0 7 -7 0Z',
  undelivered: 'M0 -7 7 0 0 7 -7 0Z',
  failed: 'M-5 -5 5 5M5 -5 -5 5',
  completed: 'M-6 0 -2 4 6 -5',
  notified: 'M-6 0 -2 4 6 -5',
};
const DOT = 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z';

/** @type {(row: Row, index: number, xOf: (ms: number) => number, labelPx: number) => SVGElement} */
function drawRow({ step, phase, fromMs, toMs }, index, xOf, labelPx) {
  const y = AXIS_PX + index * ROW_PX + ROW_PX / 2;
  const [from, to] = [xOf(fromMs), xOf(toMs)];
  const label = svg('text', { x: labelPx - 10, y: y + 4, 'text-anchor': 'end' }, nameOf(step));
  const transform = `translate(${to} ${y})`;
  const mark = svg('path', { d: SHAPES[step.step] ?? DOT, class: 'mark', 'data-step': step.step, transform });
  if (phase === 'start') return svg('g', { class: 'row' }, label, mark);
  const width = Math.max(MIN_BAR_PX, to - from);
  const bar = svg('rect', { x: from, y: y - BAR_PX / 2, width, height: BAR_PX, rx: 2, class: `bar ${phase}` });
  const took = svg('text', { x: to + 12, y: y + 4, class: 'took' }, duration(toMs - fromMs));
  return svg('g', { class: 'row' }, bar, label, mark, took);
}

/** Ticks are round, so omit digits that are always 0. @param {number} ms */
const sayTick = (ms) => (ms === 0 ? '0' : ms >= 1_000 && ms < 60_000 ? `${ms / 1_000} s` : duration(ms));

/** @type {(endMs: number, xOf: (ms: number) => number, height: number, wanted: number) => SVGElement} */
function drawAxis(endMs, xOf, height, wanted) {
  const ticks = ticksOf(endMs, wanted).map((ms) => {
    const x = xOf(ms);
    const line = svg('line', { x1: x, x2: x, y1: AXIS_PX - 4, y2: height });
    return svg('g', {}, line, svg('text', { x, y: AXIS_PX - 9, 'text-anchor': 'middle' }, sayTick(ms)));
  });
  return svg('g', { class: 'axis' }, ...ticks);
}

/** @param {Timeline} timeline */
function describe({ steps, status }) {
  const attempts = steps.filter(
    ({ step, subject, attempt }) => step === 'received' && subject === 'order' && attempt !== undefined,
  ).length;
  const total = steps.slice(1).reduce((sum, { sinceMs }) => sum + sinceMs, 0);
  const totals = `${counted(steps.length, 'step')} in ${duration(total)}, ${counted(attempts, 'attempt')}, ${status}.`;
  const cut = steps.length > MAX_ROWS ? ` The first ${MAX_ROWS} steps are drawn.` : '';
  return `${totals}${cut} The table of steps has the same content.`;
}

/**
 * The timeline as bars along a time axis. Each bar's length is the time before its step.
 * @param {Timeline} timeline
 * @param {number} width available pixels
 */
export function drawTimeline(timeline, width) {
  const rows = rowsOf(timeline.steps);
  const labelPx = width < 520 ? 132 : 176;
  const plotPx = Math.max(40, width - labelPx - DURATION_PX);
  const endMs = Math.max(1, ...rows.map(({ toMs }) => toMs));
  const xOf = (/** @type {number} */ ms) => Math.round((labelPx + (ms / endMs) * plotPx) * 10) / 10;
  const height = AXIS_PX + rows.length * ROW_PX + 6;
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': describe(timeline) },
    drawAxis(endMs, xOf, height, Math.max(2, Math.floor(plotPx / 110))),
    ...rows.map((row, index) => drawRow(row, index, xOf, labelPx)),
  );
}

/** The legend of the bars. */
export const legendEntries = () =>
  Object.entries(PHASES).map(([phase, said]) =>
    element('li', {}, element('span', { class: `swatch bar ${phase}` }), said),
  );
