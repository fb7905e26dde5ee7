import { describe, expect, it } from '@jest/globals';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { createFlow } from './flow.js';

const START = Date.UTC(2027, 2, 14, 15, 0, 0);
const iso = (ms: number): string => new Date(START + ms).toISOString();

function order(acceptedMs: number, change: Partial<OrderRecord> = {}): OrderRecord {
  return { ...aStoredOrder({ now: START + acceptedMs }), ...change };
}
const completed = (acceptedMs: number, endedMs: number) =>
  order(acceptedMs, { status: 'COMPLETED', updatedAt: iso(endedMs) });

describe('the flow of orders', () => {
  it('counts each order in the seconds in which it was accepted and ended, with the time between', () => {
    const flow = createFlow();
    flow.note(order(100), true);
    flow.note(completed(100, 1_300), false);
    flow.note(completed(200, 1_900), true);
    flow.note(order(300, { status: 'FAILED', updatedAt: iso(2_000) }), true);
    expect(flow.points(START + 4_999, START)).toEqual([
      { at: iso(0), accepted: 3, completed: 0, failed: 0 },
      { at: iso(1_000), accepted: 0, completed: 2, failed: 0, p50Ms: 1_200, p95Ms: 1_700 },
      { at: iso(2_000), accepted: 0, completed: 0, failed: 1, p50Ms: 1_700, p95Ms: 1_700 },
    ]);
  });

  it('shows only complete seconds since it began to look', () => {
    const flow = createFlow();
    expect(flow.points(START + 1_999, START)).toEqual([]);
    expect(flow.points(START + 2_000, START).map(({ at }) => at)).toEqual([iso(0)]);
    expect(flow.points(START + 9_000, START + 5_000).map(({ at }) => at)).toEqual([iso(5_000), iso(6_000), iso(7_000)]);
  });

  it('keeps five minutes', () => {
    const flow = createFlow();
    flow.note(order(0), true);
    expect(flow.points(START + 3_600_000, START)).toHaveLength(300);
    expect(flow.points(START + 3_600_000, START, 5)).toHaveLength(5);
  });

  it('counts the outcome of a replay, but not its time since the order was accepted', () => {
    const flow = createFlow();
    flow.note({ ...completed(0, 900), lastReplayId: 'r1' }, false);
    expect(flow.points(START + 2_000, START)).toEqual([{ at: iso(0), accepted: 0, completed: 1, failed: 0 }]);
  });
});
