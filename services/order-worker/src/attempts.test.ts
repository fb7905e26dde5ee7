import { describe, expect, it } from '@jest/globals';
import { toLiveOrder } from '@orderflow/domain/orders/live-order';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { exhaust, works } from '@orderflow/testing/order-worker/exhaust';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { startOrderWorker } from '@orderflow/testing/order-worker/start-worker';

const numbersIn = (text: unknown) => (String(text).match(/\d+/g) ?? []).map(Number);

describe('the number of attempts', () => {
  it.each([
    { limit: 1, cancelsThatFail: 0 },
    { limit: 1, cancelsThatFail: 2 },
    { limit: 3, cancelsThatFail: 0 },
    { limit: 3, cancelsThatFail: 3 },
  ])(
    'is $limit everywhere, even if the order ends $cancelsThatFail receives later',
    async ({ limit, cancelsThatFail }) => {
      const system = startOrderWorker({ MAX_RECEIVES: String(limit) });
      let cancels = 0;
      system.plan.cancel = async () => {
        if (cancels++ < cancelsThatFail) throw new Error('the warehouse did not answer');
        return 'cancelled';
      };
      const { orderId, message } = anOrder(system);
      await exhaust(system, message);

      const order = system.order(orderId) as OrderRecord;
      const { steps } = timelineOf(order);
      const attempts = steps.flatMap(({ step, attempt }) => (step === 'received' && attempt ? [attempt] : []));
      expect(system.requests.map(({ attempt }) => attempt)).toEqual(attempts);
      expect(attempts).toEqual(Array.from({ length: limit }, (_, index) => index + 1));
      expect(steps.find(({ step }) => step === 'dead-lettered')?.attempt).toBe(limit);
      expect(toLiveOrder(order, true).attempts).toBe(limit);
      expect(numbersIn(order.failure?.message)).toEqual([limit]);

      const [letter] = system.deadLetters() as Record<string, unknown>[];
      expect({ attempts: letter?.attempts, inReason: numbersIn(letter?.reason) }).toEqual({
        ...{ attempts: String(limit), inReason: [limit] },
      });
      const ends = system.log.lines.slice(-1 - cancelsThatFail).map(({ fields }) => fields.attempt);
      expect(ends).toEqual(Array.from({ length: 1 + cancelsThatFail }, () => limit));
    },
  );

  it('starts again with a replay', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '2' });
    const { orderId, message } = anOrder(system);
    await exhaust(system, message);
    works(system, true);
    system.send(message, { replayId: 'replay-1' });
    await system.outcomes.next();
    expect(toLiveOrder(system.order(orderId) as OrderRecord, true)).toMatchObject({ stage: 'completed', attempts: 1 });
  });

  it('excludes a receive that ended in an outage', async () => {
    const system = startOrderWorker();
    const { orderId, message } = anOrder(system);
    system.aws.dynamo.failNext('BatchExecuteStatement', () =>
      Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    );
    system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    system.pass(60);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.requests.map(({ attempt }) => attempt)).toEqual([1]);
    expect(toLiveOrder(system.order(orderId) as OrderRecord, true).attempts).toBe(1);
    expect(system.log.lines.at(-1)?.fields).toMatchObject({ attempt: 1 });
  });
});
