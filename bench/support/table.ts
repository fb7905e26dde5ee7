import type { Verdict } from './goals.js';
import { GROWTH_METRICS, METRICS, type Metric } from './metrics.js';
import type { Results } from './results.js';
import type { Spread } from './stats.js';
import type { Subject } from './subjects.js';

/** Aligns columns; the first one to the left, the others to the right. */
export function align(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

function formatSpread(spread: Spread | undefined, digits: number): string {
  if (!spread) return '–';
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => value.toFixed(digits));
  return min === max ? (median ?? '') : `${median ?? ''} (${min ?? ''}..${max ?? ''})`;
}

const formatRatio = (ratio: number | undefined): string =>
  ratio === undefined || !Number.isFinite(ratio) ? '–' : `x ${ratio.toFixed(2)}`;

/** Ratios first, because absolute values depend on the machine. */
function comparison(metrics: readonly Metric[], results: Results, subjects: readonly Subject[]): string {
  const others = subjects.filter((subject) => subject !== 'ours');
  const measured = metrics.filter(({ key }) => subjects.some((subject) => results.of(subject, key)));
  return align([
    ['', ...others.map((other) => `to ${other}`), 'unit', ...subjects],
    ...measured.map(({ key, label, unit, digits }) => [
      label,
      ...others.map((other) => formatRatio(results.ratio(key, other))),
      unit,
      ...subjects.map((subject) => formatSpread(results.of(subject, key), digits)),
    ]),
  ]);
}

function operations(clients: number, results: Results, subjects: readonly Subject[]): string {
  const prefix = `calls${clients} `;
  const names = results.keys().filter((key) => key.startsWith(prefix));
  return align([
    [`calls per order, ${clients} client${clients === 1 ? '' : 's'}`, ...subjects],
    ...names
      .toSorted()
      .map((key) => [
        `  ${key.slice(prefix.length)}`,
        ...subjects.map((subject) => formatSpread(results.of(subject, key), 3)),
      ]),
  ]);
}

function growth(results: Results): string {
  const of = (key: string) => results.of('ours', key);
  const rows = GROWTH_METRICS.map(({ label, unit, digits, few, many }) => [
    label,
    formatRatio((of(many)?.median ?? NaN) / (of(few)?.median ?? NaN)),
    unit,
    formatSpread(of(few), digits),
    formatSpread(of(many), digits),
  ]);
  const [one, four] = [of('rate100x1'), of('rate100x4')];
  return align([
    ['ours, by orders in the table', 'ratio', 'unit', '100', '100,000'],
    ...rows,
    ['by workers', 'ratio', 'unit', '1', '4'],
    [
      'accept to COMPLETED',
      formatRatio((four?.median ?? NaN) / (one?.median ?? NaN)),
      'orders/s',
      ...[one, four].map((spread) => formatSpread(spread, 0)),
    ],
  ]);
}

function tokens(results: Results): string {
  const [off, jwt] = ['apiCpuMsOff', 'apiCpuMsJwt'].map((key) => results.of('ours', key));
  return align([
    ['ours, by AUTH_MODE', 'ratio', 'unit', 'off', 'jwt'],
    [
      'CPU per order, API',
      formatRatio((jwt?.median ?? NaN) / (off?.median ?? NaN)),
      'ms',
      ...[off, jwt].map((spread) => formatSpread(spread, 3)),
    ],
  ]);
}

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return align(verdicts.map(({ text, seen, verdict }) => [text, seen === undefined ? '–' : seen.toFixed(2), verdict]));
}

export function formatResults(results: Results, subjects: readonly Subject[]): string {
  const isCompared = METRICS.some(({ key }) => results.keys().includes(key));
  const parts = isCompared ? [comparison(METRICS, results, subjects)] : [];
  for (const clients of [1, 10, 100]) {
    if (results.keys().includes(`calls${clients}`)) parts.push(operations(clients, results, subjects));
  }
  if (results.keys().includes('rate100x1')) parts.push(growth(results));
  if (results.keys().includes('apiCpuMsJwt')) parts.push(tokens(results));
  return parts.join('\n\n');
}
