/** @import { FlowPoint } from '@orderflow/contracts' */
/** @import uPlot from 'uplot' */
import Plot from './uplot/uPlot.esm.js';
import { areMarked, newestOf } from './chart-values.js';
import { MAX_POINTS } from './live-state.js';
import { byId, element, setText } from './dom.js';
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
 * @property {(value: number | undefined) => string} say
 */

/** The custom property as `rgb(…)`: a canvas does not know `light-dark()`. @param {string} name */
function colorOf(name) {
  const probe = element('i', { hidden: '' });
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** `from` to `to` is in sight. @type {(plot: uPlot, series: number, from: number, to: number) => boolean} */
const areFew = (plot, series, from, to) =>
  areMarked(plot.data[series] ?? [], from, to, plot.bbox.width / devicePixelRatio);

/** @type {(lines: Line[], sayTick: (value: number) => string, width: number) => uPlot.Options} */
function optionsOf(lines, sayTick, width) {
  const axis = { stroke: colorOf('--quiet'), font: FONT, grid: { stroke: colorOf('--line'), width: 1 } };
  const ticks = { stroke: colorOf('--line'), width: 1, size: 4 };
  return {
    width,
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
  const values = lines.map((line) => {
    const { label, color, isArea = false } = line;
    const value = element('span', { class: 'value' });
    const swatch = element('span', { class: isArea ? 'swatch area' : 'swatch' });
    swatch.style.color = `var(${color})`;
    return { line, value, entry: element('span', { class: 'entry' }, swatch, `${label} `, value) };
  });
  figure
    .querySelector('figcaption')
    ?.append(element('span', { class: 'title' }, title), ...values.map(({ entry }) => entry));
  /** @type {FlowPoint[]} */
  let points = [];
  /** @type {uPlot | undefined} */
  let plot;

  /** @returns {uPlot.AlignedData} */
  const dataOf = () => [
    points.map(({ at }) => Date.parse(at) / 1_000),
    ...lines.map(({ read }) => points.map((point) => read(point) ?? null)),
  ];

  function rebuild() {
    plot?.destroy();
    plot = new Plot(optionsOf(lines, sayTick, place.clientWidth), dataOf(), place);
    plot.root.ariaHidden = 'true';
  }

  rebuild();
  new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height: HEIGHT_PX })).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', rebuild);

  return (flow) => {
    if (flow === points) return;
    points = flow;
    const secondOf = (/** @type {FlowPoint | undefined} */ point) =>
      (point ? Date.parse(point.at) : Date.now()) / 1_000;
    const [start, end] = [secondOf(flow[0]), secondOf(flow.at(-1))];
    plot?.batch(() => {
      plot?.setData(dataOf(), false);
      plot?.setScale('x', { min: Math.max(end - MAX_POINTS, Math.min(start, end - LEAST_SHOWN_S)), max: end });
    });
    for (const { value, line } of values) setText(value, line.say(newestOf(flow, line.read)));
  };
}

const perSecond = (/** @type {number | undefined} */ value) => (value === undefined ? '–' : `${value}/s`);
const took = (/** @type {number | undefined} */ value) => (value === undefined ? '–' : duration(value));

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
      { label: 'p95', color: '--series-3', read: ({ p95Ms }) => p95Ms, say: took },
      { label: 'p50', color: '--series-2', isArea: true, read: ({ p50Ms }) => p50Ms, say: took },
    ],
    (value) => (value >= 1_000 ? `${value / 1_000} s` : `${value} ms`),
  );
  return (/** @type {FlowPoint[]} */ flow) => {
    showThroughput(flow);
    showLatency(flow);
  };
}
