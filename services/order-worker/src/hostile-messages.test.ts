import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { hostileBody, propertySeed } from '@orderflow/testing/hostile-bodies';
import type { DeliveryOutcome } from '@orderflow/platform/worker/delivery';
import fc from 'fast-check';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { startOrderWorker } from '@orderflow/testing/order-worker/start-worker';

/** Different in each run, so that runs together cover more. */
const HOSTILE_BODIES = 800;
const HOSTILE_PER_BATCH = 8;
const GOOD_PER_BATCH = 2;

/** Never `retry`: a bad body stays bad, and would be redelivered forever. */
const ENDS: DeliveryOutcome[] = ['processed', 'duplicate', 'dead-lettered'];

const toPlain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the order worker with random messages', () => {
  it('ends every message of a batch', async () => {
    const system = startOrderWorker({ WORKER_POLLERS: '1' });
    // A mutated message that is still valid may find this order.
    const sample = anOrder(system).message;
    const goodOrders: string[] = [];
    const counts = new Map<DeliveryOutcome, number>();

    const batch = fc.record({
      bodies: fc.array(hostileBody(sample), { minLength: HOSTILE_PER_BATCH, maxLength: HOSTILE_PER_BATCH }),
      places: fc.array(fc.nat(HOSTILE_PER_BATCH), { minLength: GOOD_PER_BATCH, maxLength: GOOD_PER_BATCH }),
    });
    const endsWell = fc.asyncProperty(batch, async ({ bodies, places }) => {
      const good = places.map(() => anOrder(system));
      const sent: (string | object)[] = [...bodies];
      for (const [index, place] of places.entries()) sent.splice(place, 0, good[index]!.message);
      const goodIds = new Set<string>();
      const ids = sent.map((body) => {
        const id = system.send(body);
        if (typeof body !== 'string') goodIds.add(id);
        return id;
      });

      const before = system.outcomes.all.length;
      await system.outcomes.take(sent.length);
      const ended = system.outcomes.all.slice(before);
      expect(ended.map(({ delivery }) => delivery.messageId).sort()).toEqual(ids.sort());
      for (const { outcome, delivery } of ended) {
        expect(ENDS).toContain(outcome);
        if (goodIds.has(delivery.messageId)) expect(outcome).toBe('processed');
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      }
      for (const { orderId } of good) {
        expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
        goodOrders.push(orderId);
      }
    });
    // All batches share one system, so shrinking is not possible.
    await fc.assert(endsWell, {
      numRuns: HOSTILE_BODIES / HOSTILE_PER_BATCH,
      endOnFailure: true,
      interruptAfterTimeLimit: 50_000,
      markInterruptAsFailure: true,
      ...propertySeed(process.env),
    });

    await system.worker.stop();
    expect(system.queued().length).toBe(0);
    expect(system.deadLetters()).toHaveLength(counts.get('dead-lettered')!);
    expect([...counts.values()].reduce((sum, count) => sum + count)).toBe(HOSTILE_BODIES + goodOrders.length);
    expect(counts.get('dead-lettered')).toBeGreaterThan(HOSTILE_BODIES / 2);
    // Each order has the same items: the warehouse is asked for nothing else.
    const ordered = sample.detail.data.items;
    expect(system.requests.filter(({ items }) => !isDeepStrictEqual(toPlain(items), ordered))).toEqual([]);
    const completed = system.published().map(({ detail }) => detail.data.orderId);
    expect(goodOrders.filter((orderId) => !completed.includes(orderId))).toEqual([]);
  }, 60_000);
});
