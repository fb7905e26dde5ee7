import { describe, expect, it } from '@jest/globals';
import { parseRuntimeMetrics } from './runtime-metrics.js';
import { judgeSoak, type SoakSample } from './soak-verdict.js';

/** Ten minutes of samples. */
function samples(at: (minute: number) => Partial<SoakSample>): SoakSample[] {
  return Array.from({ length: 61 }, (_, index) => ({
    ...{ atMs: index * 10_000, residentMb: 100, descriptors: 40, activeHandles: 30, eventLoopP99Ms: 12 },
    ...at(index / 6),
  }));
}

describe('a soak', () => {
  it('is fine when memory comes and goes', () => {
    const verdict = judgeSoak(samples((minute) => ({ residentMb: 100 + 5 * Math.sin(minute * 20) })));
    expect(verdict.complaints).toEqual([]);
    expect(verdict.eventLoopP99Ms).toEqual({ median: 12, max: 12 });
  });

  it('is not when memory only comes', () => {
    const verdict = judgeSoak(samples((minute) => ({ residentMb: 100 + 2 * minute })));
    expect(verdict.mbPerMinute).toBeCloseTo(2);
    expect(verdict.complaints).toEqual(['memory grows by more than 1 % a minute']);
  });

  it('is not judged by memory when it is short', () => {
    const short = samples((minute) => ({ residentMb: 100 + 20 * minute })).slice(0, 12);
    expect(judgeSoak(short).complaints).toEqual([]);
  });

  it('is not when handles pile up', () => {
    const verdict = judgeSoak(samples((minute) => ({ descriptors: 40 + 10 * minute })));
    expect(verdict.complaints).toEqual(['descriptors grow by more than 20']);
  });

  it('is not when nothing was measured', () => {
    expect(judgeSoak([])).toMatchObject({ complaints: expect.arrayContaining([expect.stringContaining('memory')]) });
  });

  it('reads what a process tells of itself', () => {
    const text = [
      '# TYPE nodejs_eventloop_lag_p99_seconds gauge',
      'nodejs_eventloop_lag_p99_seconds 0.012',
      'nodejs_active_handles{type="Socket"} 7',
      'nodejs_active_handles_total 9',
    ].join('\n');
    expect(parseRuntimeMetrics(text)).toEqual({ eventLoopP99Ms: 12, activeHandles: 9 });
    expect(parseRuntimeMetrics('').activeHandles).toBeNaN();
  });
});
