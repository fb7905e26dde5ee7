import { METRICS, type Metric } from './metrics.js';
import type { Results } from './results.js';
import type { Subject } from './subjects.js';

const WIDTH = 760;
const PANEL_WIDTH = 360;
const LABEL_WIDTH = 104;
const VALUE_WIDTH = 76;
const BAR = 18;
const GAP = 6;
const TOP = 34;

/** One panel each, two in a row. */
const CHARTED: { key: string; title: string; better: 'more' | 'less' }[] = [
  { key: 'ordersPerSecond', title: 'orders/s, accept to COMPLETED', better: 'more' },
  { key: 'calls100', title: 'AWS calls per order', better: 'less' },
  { key: 'apiCpuMs', title: 'CPU per order, API, ms', better: 'less' },
  { key: 'workerCpuMs', title: 'CPU per order, worker, ms', better: 'less' },
];

/** Readable on white and on black, because some viewers ignore media queries. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #57606a; }
  .title { font-weight: 600; }
  .note { font-size: 11px; }
  .ours { fill: #2da44e; } .straightforward { fill: #bf8700; } .floor { fill: #8c959f; }
  .range { stroke: #57606a; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) { text { fill: #b1bac4; } .range { stroke: #b1bac4; } }`;

const escape = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function text(x: number, y: number, content: string, className = ''): string {
  return `<text x="${x}" y="${y}"${className ? ` class="${className}"` : ''}>${escape(content)}</text>`;
}

type Panel = { metric: Metric; title: string; better: 'more' | 'less'; x: number; y: number };

function drawPanel({ metric, title, better, x, y }: Panel, results: Results, subjects: readonly Subject[]): string {
  const spreads = subjects.map((subject) => ({ subject, spread: results.of(subject, metric.key) }));
  const largest = Math.max(...spreads.map(({ spread }) => spread?.max ?? 0));
  const scale = (value: number): number =>
    Number(((value / (largest || 1)) * (PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH)).toFixed(1));
  const bars = spreads.flatMap(({ subject, spread }, index) => {
    if (!spread) return [];
    const top = y + 12 + index * (BAR + GAP);
    const [left, middle] = [x + LABEL_WIDTH, top + BAR / 2];
    return [
      text(x, top + 13, subject),
      `<rect class="${subject}" x="${left}" y="${top}" width="${scale(spread.median)}" height="${BAR}" rx="2"/>`,
      `<line class="range" x1="${left + scale(spread.min)}" y1="${middle}" x2="${left + scale(spread.max)}" y2="${middle}"/>`,
      text(left + scale(spread.max) + 6, top + 13, spread.median.toFixed(metric.digits)),
    ];
  });
  return [text(x, y, `${title} (${better} is better)`, 'title'), ...bars].join('\n  ');
}

/** Bars of medians, each with a line from the smallest to the largest value. */
export function drawResults(results: Results, subjects: readonly Subject[], conditions: string): string {
  const height = 24 + subjects.length * (BAR + GAP) + 12;
  const charted = CHARTED.flatMap((chart) => {
    const metric = METRICS.find(({ key }) => key === chart.key);
    return metric && results.keys().includes(chart.key) ? [{ ...chart, metric }] : [];
  });
  const panels = charted.map((chart, index) =>
    drawPanel(
      { ...chart, x: (index % 2) * (PANEL_WIDTH + 40), y: TOP - 14 + Math.floor(index / 2) * height },
      results,
      subjects,
    ),
  );
  const bottom = TOP - 14 + Math.ceil(charted.length / 2) * height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 12}" width="${WIDTH}" role="img">`,
    `  <title>${escape(`Benchmark: ${conditions}`)}</title>`,
    `  <style>${STYLE}\n  </style>`,
    ...panels.map((panel) => `  ${panel}`),
    `  ${text(0, bottom, `medians, lines from min to max; ${conditions}`, 'note')}`,
    '</svg>\n',
  ].join('\n');
}
