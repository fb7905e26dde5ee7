import { describe, expect, it } from '@jest/globals';
import type { FulfilmentRequest } from './fulfilment.js';
import { createSimulatedFulfilment } from './simulated-fulfilment.js';

function request(productId: string, attempt = 1): FulfilmentRequest {
  const items = [{ productId, productName: 'A product', quantity: 1, unitPrice: 1 }];
  return { idempotencyKey: `${productId}-1`, items, attempt, signal: AbortSignal.timeout(10_000) };
}

describe('a simulation that breaks on a product', () => {
  const simulation = createSimulatedFulfilment({ delayMs: 0, breaksOn: 'anvil' });

  it('throws in every attempt', async () => {
    for (const attempt of [1, 2, 30]) {
      await expect(simulation.fulfil(request('anvil', attempt))).rejects.toThrow('anvil');
    }
  });

  it('fulfils any other product', async () => {
    expect(await simulation.fulfil(request('book-1'))).toEqual({ fulfilled: true });
  });
});

describe('a simulated cancel', () => {
  const { signal } = new AbortController();
  const keyed = (productId: string, idempotencyKey: string) => ({ ...request(productId), idempotencyKey });

  it('undoes a fulfilment and refuses the key afterwards', async () => {
    const simulation = createSimulatedFulfilment({ delayMs: 0 });
    expect(await simulation.fulfil(keyed('book', 'k'))).toEqual({ fulfilled: true });
    for (let times = 0; times < 2; times++) {
      expect(await simulation.cancel({ idempotencyKey: 'k', signal })).toBe('cancelled');
      expect(await simulation.fulfil(keyed('book', 'k'))).toMatchObject({ fulfilled: false, code: 'CANCELLED' });
    }
    expect(await simulation.fulfil(keyed('book', 'another'))).toEqual({ fulfilled: true });
  });

  it('also refuses a later fulfilment and one in flight', async () => {
    const simulation = createSimulatedFulfilment({ delayMs: 20 });
    const underWay = simulation.fulfil(keyed('book', 'k'));
    expect(await simulation.cancel({ idempotencyKey: 'k', signal })).toBe('cancelled');
    expect(await underWay).toMatchObject({ fulfilled: false, code: 'CANCELLED' });
    expect(await simulation.cancel({ idempotencyKey: 'later', signal })).toBe('cancelled');
    expect(await simulation.fulfil(keyed('book', 'later'))).toMatchObject({ fulfilled: false, code: 'CANCELLED' });
  });

  it('answers fulfilled once the order has shipped', async () => {
    const simulation = createSimulatedFulfilment({ delayMs: 0 });
    expect(await simulation.fulfil(keyed('test-ships-at-once', 'k'))).toEqual({ fulfilled: true });
    for (let times = 0; times < 2; times++) {
      expect(await simulation.cancel({ idempotencyKey: 'k', signal })).toBe('fulfilled');
    }
    expect(await simulation.fulfil(keyed('test-ships-at-once', 'k'))).toEqual({ fulfilled: true });
  });

  it('remembers the latest 10,000 keys', async () => {
    const simulation = createSimulatedFulfilment({ delayMs: 0 });
    for (let key = 0; key <= 10_000; key++) await simulation.cancel({ idempotencyKey: String(key), signal });
    expect(await simulation.fulfil(keyed('book', '0'))).toEqual({ fulfilled: true });
    expect(await simulation.fulfil(keyed('book', '1'))).toMatchObject({ code: 'CANCELLED' });
  });
});

it('a simulation that breaks on nothing fulfils every product, even one without an id', async () => {
  const simulation = createSimulatedFulfilment({ delayMs: 0 });
  expect(await simulation.fulfil(request('anvil'))).toEqual({ fulfilled: true });
  expect(await simulation.fulfil(request(''))).toEqual({ fulfilled: true });
});
