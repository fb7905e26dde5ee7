import { describe, expect, it } from '@jest/globals';
import { fulfilmentKeyFor } from '@orderflow/domain/ids';
import { eventually } from '@orderflow/testing/eventually';
import { createSimulatedFulfilment } from './fulfilment/simulated-fulfilment.js';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { NAMES, startOrderWorker } from '@orderflow/testing/order-worker/start-worker';
import { untilOutcome } from '@orderflow/testing/order-worker/retries';
import { startWithoutAnswers } from '@orderflow/testing/order-worker/without-answers';

describe('an order', () => {
  it('is fulfilled under a new key after a replay, the same in all attempts of that life', async () => {
    const { system, warehouse } = startWithoutAnswers({ MAX_RECEIVES: '2' });
    const { orderId, message } = anOrder(system);
    system.send(message);
    await untilOutcome(system, 'dead-lettered');
    system.send(message, { replayId: 'replay-1' });
    await system.outcomes.next();
    system.pass(60);
    await system.outcomes.next();
    system.plan.fulfil = warehouse.fulfil;
    // Another message continues this life, because the replay's own is nearly exhausted.
    await system.discard();
    system.send(message);
    system.pass(60);
    await eventually(() => system.order(orderId)?.status === 'COMPLETED' || system.order(orderId)?.status === 'FAILED');
    const keys = system.requests.map(({ idempotencyKey }) => idempotencyKey);
    const second = fulfilmentKeyFor(orderId, 'replay-1');
    expect(new Set(keys)).toEqual(new Set([orderId, second]));
    expect(keys.lastIndexOf(orderId)).toBeLessThan(keys.indexOf(second));
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
  });

  it('is cancelled under the key of its current life', async () => {
    const { system } = startWithoutAnswers();
    const { orderId, message } = anOrder(system);
    for (const replay of [{} as Record<string, string>, { replayId: 'replay-1' }, { replayId: 'replay-2' }]) {
      system.send(message, replay);
      await untilOutcome(system, 'dead-lettered');
      expect(system.order(orderId)).toMatchObject({ status: 'FAILED', failure: { cancelled: true } });
    }
    const keys = [orderId, fulfilmentKeyFor(orderId, 'replay-1'), fulfilmentKeyFor(orderId, 'replay-2')];
    expect(system.cancels.map(({ idempotencyKey }) => idempotencyKey)).toEqual(keys);
    expect(system.requests.map(({ idempotencyKey }) => idempotencyKey)).toEqual(keys);
  });

  it("is fulfilled under the new life after an operator's restart", async () => {
    const system = startOrderWorker();
    const { record, orderId, message } = anOrder(system);
    system.aws.dynamo.seed(NAMES.ordersTable, { ...record, version: 6, lastReplayId: 'restart-1', givenUpLife: '' });
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.requests).toMatchObject([{ idempotencyKey: fulfilmentKeyFor(orderId, 'restart-1') }]);
  });

  it('is not shipped by a late attempt once it is FAILED', async () => {
    const system = startOrderWorker({
      ...{ MAX_RECEIVES: '1', HANDLER_TIMEOUT_MS: '250', AWS_REQUEST_TIMEOUT_MS: '100' },
    });
    const warehouse = createSimulatedFulfilment({ delayMs: 0 });
    let arrive: () => void = () => undefined;
    const answers: unknown[] = [];
    // The request arrives although its caller has given up.
    system.plan.fulfil = async (request) => {
      await new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const answer = await warehouse.fulfil({ ...request, signal: new AbortController().signal });
      answers.push(answer);
      return answer;
    };
    system.plan.cancel = warehouse.cancel;
    const { orderId, message } = anOrder(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    expect(system.requests[0]?.signal.aborted).toBe(true);
    system.pass(60);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    const failed = system.order(orderId);
    expect(failed).toMatchObject({ status: 'FAILED', failure: { cancelled: true } });
    arrive();
    await eventually(() => answers.length > 0);
    expect(answers).toEqual([{ fulfilled: false, code: 'CANCELLED', message: expect.any(String) as unknown }]);
    await system.worker.stop();
    expect(system.order(orderId)).toEqual(failed);
  });
});
