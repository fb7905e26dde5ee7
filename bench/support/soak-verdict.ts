import { percentile } from '@orderflow/platform/runtime/percentile';
import { median, slope } from './stats.js';

export type SoakSample = {
  atMs: number;
  residentMb: number;
  /** Live memory after a garbage collection. Only some samples collect, because that takes time. */
  aliveMb?: number;
  descriptors: number;
  activeHandles: number;
  eventLoopP99Ms: number;
};

export type SoakVerdict = {
  /** Slope of live memory, smoothed by `leastOfNeighbours`. */
  mbPerMinute: number;
  /** The same relative to the median. */
  percentPerMinute: number;
  /** Smallest and largest. Not judged, because it follows garbage collections over minutes. */
  residentMb: [number, number];
  /** Median and largest. */
  eventLoopP99Ms: { median: number; max: number };
  /** Medians of the first and the last third. */
  descriptors: [number, number];
  activeHandles: [number, number];
  complaints: string[];
};

/** A tenth in ten minutes. */
const MAX_PERCENT_PER_MINUTE = 1;
/** Connections vary with the load. A leak of one per second adds hundreds. */
const MAX_MORE_HANDLES = 20;

function firstAndLast(samples: readonly SoakSample[], value: (sample: SoakSample) => number): [number, number] {
  const third = Math.max(1, Math.floor(samples.length / 3));
  return [median(samples.slice(0, third).map(value)), median(samples.slice(-third).map(value))];
}

/** Over a shorter time the slope says nothing about a leak. */
const JUDGED_FROM_MS = 180_000;

type Point = { x: number; y: number };

/** Three minutes in a soak. */
const NEIGHBOURS = 6;

/**
 * For each sample, the minimum of it and those that follow. A collection during work leaves some garbage, sometimes half as
 * much as the live memory, but never removes too much.
 */
function leastOfNeighbours(points: readonly Point[]): Point[] {
  return points
    .slice(0, Math.max(1, points.length - NEIGHBOURS + 1))
    .map(({ x }, index) => ({ x, y: Math.min(...points.slice(index, index + NEIGHBOURS).map(({ y }) => y)) }));
}

/** Judges the samples after the warm-up. */
export function judgeSoak(samples: readonly SoakSample[]): SoakVerdict {
  const alive = leastOfNeighbours(
    samples.flatMap(({ atMs, aliveMb }) => (aliveMb === undefined ? [] : [{ x: atMs / 60_000, y: aliveMb }])),
  );
  const mbPerMinute = slope(alive);
  const percentPerMinute = (mbPerMinute / median(alive.map(({ y }) => y))) * 100;
  const resident = samples.map(({ residentMb }) => residentMb);
  const spanMs = (samples.at(-1)?.atMs ?? NaN) - (samples[0]?.atMs ?? NaN);
  const delays = samples.map(({ eventLoopP99Ms }) => eventLoopP99Ms);
  const counts = {
    descriptors: firstAndLast(samples, ({ descriptors }) => descriptors),
    activeHandles: firstAndLast(samples, ({ activeHandles }) => activeHandles),
  };
  const complaints: string[] = [];
  // Not `>`: NaN must count as a failure.
  if (!(spanMs < JUDGED_FROM_MS || percentPerMinute <= MAX_PERCENT_PER_MINUTE)) {
    complaints.push(`memory grows by more than ${MAX_PERCENT_PER_MINUTE} % a minute`);
  }
  for (const [what, [first, last]] of Object.entries(counts)) {
    if (!(last - first <= MAX_MORE_HANDLES)) complaints.push(`${what} grow by more than ${MAX_MORE_HANDLES}`);
  }
  const eventLoopP99Ms = { median: median(delays), max: percentile(delays, 1) };
  return {
    ...{ mbPerMinute, percentPerMinute, residentMb: [percentile(resident, 0), percentile(resident, 1)] },
    ...{ eventLoopP99Ms, ...counts, complaints },
  };
}
