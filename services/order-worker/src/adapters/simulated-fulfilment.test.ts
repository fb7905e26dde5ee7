import { describe, expect, it } from '@jest/globals';
import type { FulfilmentRequest } from '../domain/fulfilment.js';
import { createSimulatedFulfilment } from './simulated-fulfilment.js';

function request(productId: string, attempt = 1): FulfilmentRequest {
  const items = [{ productId, productName: 'A product', quantity: 1, unitPrice: 1 }];
  return { idempotencyKey: `${productId}-1`, items, attempt, signal: AbortSignal.timeout(10_000) };
}

describe('a simulation that breaks on a product', () => {
  const simulation = createSimulatedFulfilment({ delayMs: 0, breaksOn: 'anvil' });

  it('throws at it in every attempt', async () => {
    for (const attempt of [1, 2, 30]) {
      await expect(simulation.fulfil(request('anvil', attempt))).rejects.toThrow('anvil');
    }
  });

  it('fulfils any other', async () => {
    expect(await simulation.fulfil(request('book-1'))).toEqual({ fulfilled: true });
  });
});

it('a simulation that breaks on nothing fulfils every product, one without an id included', async () => {
  const simulation = createSimulatedFulfilment({ delayMs: 0 });
  expect(await simulation.fulfil(request('anvil'))).toEqual({ fulfilled: true });
  expect(await simulation.fulfil(request(''))).toEqual({ fulfilled: true });
});
