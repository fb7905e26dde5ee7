import { describe, expect, it } from '@jest/globals';
import { parseRuntimeMetrics } from './runtime-metrics.js';
import { judgeSoak, type SoakSample } from './soak-verdict.js';

/** Ten minutes of samples. */
function samples(at: (minute: number) => Partial<SoakSample>): SoakSample[] {
  return Array.from({ length: 61 }, (_, index) => ({
    ...{ atMs: index * 10_000, residentMb: 100, aliveMb: 50, descriptors: 40, activeHandles: 30, eventLoopP99Ms: 12 },
    ...at(index / 6),
  }));
}

describe('a soak', () => {
  it('passes when live memory fluctuates, regardless of resident memory', () => {
    const verdict = judgeSoak(
      samples((minute) => ({ aliveMb: 50 + 2 * Math.sin(minute * 20), residentMb: 100 + 8 * minute })),
    );
    expect(verdict.complaints).toEqual([]);
    expect(verdict.residentMb).toEqual([100, 180]);
    expect(verdict.eventLoopP99Ms).toEqual({ median: 12, max: 12 });
  });

  it('fails when live memory only grows', () => {
    const verdict = judgeSoak(samples((minute) => ({ aliveMb: 50 + minute })));
    expect(verdict.mbPerMinute).toBeCloseTo(1);
    expect(verdict.percentPerMinute).toBeCloseTo(1.83);
    expect(verdict.complaints).toEqual(['memory grows by more than 1 % a minute']);
  });

  it('passes when some collections leave garbage', () => {
    const alive = [24.4, 24.1, 25.4, 42, 40.8, 24.8, 37.1, 24.6, 35, 24.7, 24.9, 25, 41.6, 24.8, 33.8];
    const seen = alive.map((aliveMb, index) => ({ ...samples(() => ({ aliveMb }))[0]!, atMs: index * 30_000 }));
    const verdict = judgeSoak(seen);
    expect(verdict.complaints).toEqual([]);
    expect(verdict.mbPerMinute).toBeLessThan(0.15);
    const leaking = seen.map((sample) => ({ ...sample, aliveMb: sample.aliveMb! + sample.atMs / 120_000 }));
    expect(judgeSoak(leaking).complaints).toEqual(['memory grows by more than 1 % a minute']);
  });

  it('passes when the last collections left garbage', () => {
    const alive = [...Array<number>(12).fill(24), 40, 40, 40];
    const seen = alive.map((aliveMb, index) => ({ ...samples(() => ({ aliveMb }))[0]!, atMs: index * 30_000 }));
    expect(judgeSoak(seen).mbPerMinute).toBe(0);
  });

  it('does not judge memory in a short run', () => {
    const short = samples((minute) => ({ aliveMb: 50 + 20 * minute })).slice(0, 12);
    expect(judgeSoak(short).complaints).toEqual([]);
  });

  it('fails when handles pile up', () => {
    const verdict = judgeSoak(samples((minute) => ({ descriptors: 40 + 10 * minute })));
    expect(verdict.complaints).toEqual(['descriptors grow by more than 20']);
  });

  it('uses only the samples with live memory', () => {
    const some = samples((minute) => ({ aliveMb: 50 + minute })).map(({ aliveMb = 0, ...sample }, index) => ({
      ...sample,
      ...(index % 6 === 0 ? { aliveMb } : {}),
    }));
    expect(judgeSoak(some).mbPerMinute).toBeCloseTo(1);
  });

  it('fails when nothing was measured', () => {
    expect(judgeSoak([])).toMatchObject({ complaints: expect.arrayContaining([expect.stringContaining('memory')]) });
  });

  it('reads the metrics of a process', () => {
    const text = [
      '# TYPE nodejs_eventloop_lag_p99_seconds gauge',
      'nodejs_eventloop_lag_p99_seconds 0.012',
      'nodejs_active_handles{type="Socket"} 7',
      'nodejs_active_handles_total 9',
      'nodejs_heap_size_used_bytes 3145728',
      'nodejs_external_memory_bytes 1048576',
    ].join('\n');
    expect(parseRuntimeMetrics(text)).toEqual({ eventLoopP99Ms: 12, activeHandles: 9, heapMb: 4 });
    expect(parseRuntimeMetrics('').activeHandles).toBeNaN();
  });
});
