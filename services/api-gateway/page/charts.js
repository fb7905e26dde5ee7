/** @import { FlowPoint } from '@orderflow/contracts' */
/** @import uPlot from 'uplot' */
import Plot from './uplot/uPlot.esm.js';
import { areMarked, newestOf } from './chart-values.js';
import { MAX_POINTS } from './live-state.js';
import { byId, element, setText, span } from './dom.js';
import { duration } from './format.js';

const HEIGHT_PX = 190;
/** After its start the API has few seconds to show, so the chart zooms in on them. */
const LEAST_SHOWN_S = 60;
const FONT = '11px system-ui, sans-serif';

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color name of a custom property of the page
 * @property {boolean} [isArea] whether it is filled: lines differ by more than their colour
 * @property {(point: FlowPoint) => number | undefined} read
 * @property {(value: number) => string} say
 */

/** @type {(place: HTMLElement, lines: Line[], sayTick: (value: number) => string) => uPlot.Options} */
function optionsOf(place, lines, sayTick) {
  /** As `rgb(…)`: a canvas does not know `light-dark()`. @param {string} name */
  function colorOf(name) {
    place.style.color = `var(${name})`;
    return getComputedStyle(place).color;
  }
  const axis = { stroke: colorOf('--quiet'), font: FONT, grid: { stroke: colorOf('--line'), width: 1 } };
  const ticks = { stroke: colorOf('--line'), width: 1, size: 4 };
  return {
    width: place.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    // An empty second in a row of busy ones must not shrink the scale to nothing.
    scales: { y: { range: (_, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, ticks, size: 28, space: 70, values: '{HH}:{mm}:{ss}' },
      { ...axis, ticks, size: 52, space: 30, values: (_, values) => values.map(sayTick) },
    ],
    series: [
      {},
      ...lines.map(({ label, color, isArea = false }) => ({
        label,
        stroke: colorOf(color),
        width: 1.5,
        fill: isArea ? colorOf(color).replace(')', ', 0.2)') : undefined,
        // A gap means unknown. A second without an outcome has no latency.
        spanGaps: true,
        points: { size: 5, fill: colorOf(color), show: areFew },
      })),
    ],
  };
}

/** `from` to `to` is in sight. @type {(plot: uPlot, series: number, from: number, to: number) => boolean} */
const areFew = (plot, series, from, to) =>
  areMarked(plot.data[series] ?? [], from, to, plot.bbox.width / devicePixelRatio);

/**
 * @param {string} id of the figure
 * @param {string} title
 * @param {Line[]} lines
 * @param {(value: number) => string} sayTick
 * @returns {(flow: FlowPoint[]) => void} shows the points
 */
function createChart(id, title, lines, sayTick) {
  const figure = byId(id, HTMLElement);
  const place = /** @type {HTMLElement} */ (figure.querySelector('.plot'));
  const caption = element('figcaption', {}, span('title', title));
  const shown = lines.map(({ label, color, isArea = false, read, say }) => {
    const swatch = span(isArea ? 'swatch area' : 'swatch');
    swatch.style.color = `var(${color})`;
    const value = span('value');
    caption.append(span('entry', swatch, `${label} `, value));
    return { value, read, say };
  });
  figure.prepend(caption);
  /** @type {uPlot.AlignedData} */
  let data = [[], ...lines.map(() => [])];

  function build() {
    const plot = new Plot(optionsOf(place, lines, sayTick), data, place);
    plot.root.ariaHidden = 'true';
    return plot;
  }
  let plot = build();

  new ResizeObserver(() => {
    plot.setSize({ width: place.clientWidth, height: HEIGHT_PX });
  }).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    plot.destroy();
    plot = build();
  });

  return (flow) => {
    const seconds = flow.map(({ at }) => Date.parse(at) / 1_000);
    const max = seconds.at(-1) ?? Date.now() / 1_000;
    const min = Math.max(max - MAX_POINTS, Math.min(seconds[0] ?? max, max - LEAST_SHOWN_S));
    data = [seconds, ...lines.map(({ read }) => flow.map((point) => read(point) ?? null))];
    plot.batch(() => {
      plot.setData(data, false);
      plot.setScale('x', { min, max });
    });
    for (const { value, read, say } of shown) {
      const newest = newestOf(flow, read);
      setText(value, newest === undefined ? '–' : say(newest));
    }
  };
}

const perSecond = (/** @type {number} */ value) => `${value}/s`;

export function createCharts() {
  const showThroughput = createChart(
    'throughput',
    'Orders per second',
    [
      { label: 'accepted', color: '--accent', read: ({ accepted }) => accepted, say: perSecond },
      { label: 'completed', color: '--series-2', isArea: true, read: ({ completed }) => completed, say: perSecond },
    ],
    (value) => (Number.isInteger(value) ? String(value) : ''),
  );
  const showLatency = createChart(
    'latency',
    'Accept to outcome',
    [
      { label: 'p95', color: '--series-3', read: ({ p95Ms }) => p95Ms, say: duration },
      { label: 'p50', color: '--series-2', isArea: true, read: ({ p50Ms }) => p50Ms, say: duration },
    ],
    (value) => (value >= 1_000 ? `${value / 1_000} s` : `${value} ms`),
  );
  return (/** @type {FlowPoint[]} */ flow) => {
    showThroughput(flow);
    showLatency(flow);
  };
}
