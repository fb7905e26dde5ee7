import { describe, expect, it } from '@jest/globals';
import { judgeGates, judgeGoals } from './goals.js';
import { createResults, type Results } from './results.js';
import { drawResults } from './svg.js';
import { formatResults, formatVerdicts } from './table.js';

const SUBJECTS = ['ours', 'straightforward', 'floor'] as const;

function resultsOf(change: Record<string, number> = {}): Results {
  const results = createResults();
  const ours = {
    ordersPerSecond: 500,
    calls100: 0.64,
    apiCpuMs: 0.3,
    workerCpuMs: 0.5,
    rate100x1: 500,
    rate100000x1: 480,
    apiCpuMsOff: 0.3,
    apiCpuMsJwt: 0.32,
  };
  results.add('ours', { ...ours, ...change });
  results.add('ours', { ...ours, ...change, ordersPerSecond: 540 });
  results.add('straightforward', { ordersPerSecond: 170, calls100: 6.1, apiCpuMs: 1.4, workerCpuMs: 2.2 });
  results.add('floor', { ordersPerSecond: 515, calls100: 0.63, apiCpuMs: 0.18, workerCpuMs: 0.2 });
  return results;
}

const verdictOf = (results: Results, text: string) =>
  judgeGoals(results, 'ministack').find((goal) => goal.text.startsWith(text));

describe('goals', () => {
  it('are met, missed or not measured', () => {
    const results = resultsOf();
    expect(verdictOf(results, 'AWS calls per order at saturation')).toMatchObject({ seen: 0.64, verdict: 'met' });
    expect(verdictOf(results, 'CPU per order, worker <= 2 x floor')).toMatchObject({ seen: 2.5, verdict: 'missed' });
    expect(verdictOf(results, 'POST p50')).toMatchObject({ seen: undefined, verdict: 'not measured' });
    expect(verdictOf(results, '100 to 100,000 orders: orders/s')?.verdict).toBe('met');
    expect(verdictOf(results, 'CPU per order, API: access tokens')?.verdict).toBe('met');
    const slow = resultsOf({ apiCpuMsJwt: 0.33 });
    expect(verdictOf(slow, 'CPU per order, API: access tokens')?.verdict).toBe('missed');
    expect(formatResults(results, SUBJECTS)).toMatch(/^CPU per order, API +x 1\.07 +ms +0\.300 +0\.320$/m);
    expect(verdictOf(results, '100 to 100,000 orders: list page')?.verdict).toBe('not measured');
  });

  it('differ between emulators', () => {
    const texts = (emulator: 'ministack' | 'localstack') => judgeGoals(resultsOf(), emulator).map(({ text }) => text);
    expect(texts('ministack')).toContain('orders/s >= 2.7 x straightforward');
    expect(texts('localstack')).toContain('orders/s >= 2.5 x straightforward');
    expect(texts('localstack')).not.toContain('orders/s >= 2.7 x straightforward');
  });

  it.each([
    ['calls per order above 1', { calls100: 1.01 }],
    ['CPU of the API above half', { apiCpuMs: 0.71 }],
    ['CPU of the worker above half', { workerCpuMs: 1.11 }],
  ])('have gates that refuse %s', (_, change) => {
    expect(judgeGates(resultsOf()).every(({ verdict }) => verdict === 'met')).toBe(true);
    expect(judgeGates(resultsOf(change)).filter(({ verdict }) => verdict === 'missed')).toHaveLength(1);
  });
});

describe('report', () => {
  it('shows ratios before values, and medians with ranges', () => {
    const lines = formatResults(resultsOf(), SUBJECTS).split('\n');
    expect(lines[0]?.trim().split(/\s{2,}/)).toEqual(['to straightforward', 'to floor', 'unit', ...SUBJECTS]);
    expect(lines[1]).toMatch(/x 3\.06 +x 1\.01 +orders\/s +520 \(500\.\.540\) +170 +515$/);
    expect(formatVerdicts(judgeGates(resultsOf()))).toMatch(/^AWS calls per order at saturation <= 1\.0 +0\.64 +met$/m);
  });

  it('leaves out what was not measured', () => {
    expect(formatResults(resultsOf(), SUBJECTS)).not.toContain('drain');
  });

  it('draws a bar per subject and chart, the largest value widest', () => {
    const svg = drawResults(resultsOf(), SUBJECTS, 'ministack & <others>');
    expect(svg.match(/<rect class="ours"/g)).toHaveLength(4);
    expect(svg.match(/<rect/g)).toHaveLength(4 * SUBJECTS.length);
    expect(svg).toContain('ministack &#38; &#60;others&#62;');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^]*<\/svg>\n$/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});
