import { describe, expect, it } from '@jest/globals';
import type { FlowPoint } from '@orderflow/contracts';
import { areMarked, newestOf } from './chart-values.js';

const SECONDS = 300;
const WIDTH_PX = 600;

const everySeconds = (step: number) => Array.from({ length: SECONDS }, (_, second) => (second % step === 0 ? 1 : null));

describe('the marks of a chart', () => {
  it.each([300, 150, 60, 10, 5])('show single orders that are %d seconds apart', (step) => {
    expect(areMarked(everySeconds(step), 0, SECONDS - 1, WIDTH_PX)).toBe(true);
  });

  it('are not drawn on a dense line', () => {
    expect(areMarked(everySeconds(1), 0, SECONDS - 1, WIDTH_PX)).toBe(false);
  });

  it('count visible values only', () => {
    expect(areMarked(everySeconds(2), 280, SECONDS - 1, WIDTH_PX / 6)).toBe(true);
    expect(areMarked(everySeconds(2), 0, SECONDS - 1, WIDTH_PX / 6)).toBe(false);
  });

  it('are drawn at the only value, and not on a line without gaps', () => {
    expect(areMarked([7], 0, 0, WIDTH_PX)).toBe(true);
    expect(areMarked([0, 1, 0], 0, 2, WIDTH_PX)).toBe(false);
  });
});

describe('the value beside the title', () => {
  const point = (p95Ms?: number): FlowPoint => ({
    ...{ at: '', accepted: 0, completed: 0, failed: 0 },
    ...(p95Ms === undefined ? {} : { p95Ms }),
  });

  it.each([0, 9, 10, 299])('is the newest, even if it is %d seconds old', (age) => {
    const flow = [...[700, 500].map(point), ...Array.from({ length: age }, () => point())];
    expect(newestOf(flow, ({ p95Ms }) => p95Ms)).toBe(500);
  });

  it('is absent without values', () => {
    expect(newestOf([], ({ p95Ms }) => p95Ms)).toBeUndefined();
    expect(newestOf([point(), point()], ({ p95Ms }) => p95Ms)).toBeUndefined();
  });
});
