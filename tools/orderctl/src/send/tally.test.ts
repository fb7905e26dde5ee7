import { describe, expect, it } from '@jest/globals';
import { sumInCents } from '@orderflow/contracts';
import { sampleOrder } from './sample-orders.js';
import { createTally } from './tally.js';

describe('a tally', () => {
  it('counts the results, and gives latency percentiles of accepted orders', () => {
    const tally = createTally();
    expect(tally.result()).toEqual({ accepted: 0, refused: 0, unanswered: 0, retried: 0, refusals: {}, silences: {} });
    for (let latencyMs = 200; latencyMs >= 1; latencyMs--) {
      tally.add({ kind: 'accepted', orderId: `order-${latencyMs}`, retries: latencyMs > 195 ? 1 : 0, latencyMs });
    }
    tally.add({ kind: 'refused', code: 'VALIDATION_FAILED', detail: 'no', retries: 0 });
    tally.add({ kind: 'refused', code: 'VALIDATION_FAILED', detail: 'no', retries: 2 });
    tally.add({ kind: 'unanswered', code: 'NO_ANSWER', detail: 'none', retries: 0 });
    expect(tally.result()).toEqual({
      ...{ accepted: 200, refused: 2, unanswered: 1, retried: 6, lastOrderId: 'order-1' },
      refusals: { VALIDATION_FAILED: { count: 2, detail: 'no' } },
      silences: { NO_ANSWER: { count: 1, detail: 'none' } },
      latencyMs: { p50: 100, p99: 198 },
    });
  });
});

describe('a sample order', () => {
  it('has a total that matches its items to the cent', () => {
    for (let index = 0; index < 30; index++) {
      const { items, totalAmount } = sampleOrder(index, 'customer-1', []);
      expect(Math.round(totalAmount * 100)).toBe(sumInCents(items));
      expect(totalAmount).toBeGreaterThan(0);
    }
  });

  it('uses the given products in turn', () => {
    const products = [0, 1, 2].map((index) => sampleOrder(index, 'customer-1', ['kettle', 'test-slow']).items);
    expect(products.map((items) => items.map(({ productId }) => productId))).toEqual([
      ...[['kettle'], ['test-slow'], ['kettle']],
    ]);
  });
});
