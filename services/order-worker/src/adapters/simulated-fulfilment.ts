import { setTimeout } from 'node:timers/promises';
import type { Fulfilment, FulfilmentRequest } from '../domain/fulfilment.js';

/**
 * Product ids that steer the simulation, the way payment providers' test cards do. Any other product is in stock.
 *
 * | productId            | what happens                                                        |
 * |----------------------|---------------------------------------------------------------------|
 * | test-out-of-stock    | refused: the order ends FAILED with OUT_OF_STOCK                     |
 * | test-fails-<n>-times | throws in the first n attempts (n from 1 to 99), then succeeds       |
 * | test-fails-always    | throws in every attempt, until the message is dead-lettered          |
 * | test-slow            | takes 10 s                                                           |
 */
const OUT_OF_STOCK = 'test-out-of-stock';
const FAILS_TIMES = /^test-fails-([1-9]\d?)-times$/;
const FAILS_ALWAYS = 'test-fails-always';
const SLOW = 'test-slow';
const SLOW_MS = 10_000;
/** Bounds the memory; an order that is asked for again comes back within minutes. */
const REMEMBERED = 10_000;

/** The warehouse could not be reached; trying again may help. */
class WarehouseError extends Error {
  override readonly name = 'WarehouseError';
}

function failingAttempts(productId: string): number {
  if (productId === FAILS_ALWAYS) return Infinity;
  return Number(FAILS_TIMES.exec(productId)?.[1] ?? 0);
}

type SimulationOptions = {
  /** How long an ordinary call takes. */
  delayMs: number;
  /** Product id that no attempt gets past, until the simulation is another one. */
  breaksOn?: string | undefined;
};

export function createSimulatedFulfilment({ delayMs, breaksOn }: SimulationOptions): Fulfilment {
  /** Orders that were fulfilled, by idempotency key: asking again gives the same answer without doing it again. */
  const fulfilled = new Set<string>();

  return {
    async fulfil({ idempotencyKey, items, attempt, signal }: FulfilmentRequest) {
      if (fulfilled.has(idempotencyKey)) return { fulfilled: true };
      const products = items.map(({ productId }) => productId);
      await setTimeout(products.includes(SLOW) ? SLOW_MS : delayMs, undefined, { signal });

      if (breaksOn !== undefined && products.includes(breaksOn)) {
        throw new WarehouseError(`the warehouse cannot make anything of ${breaksOn}`);
      }
      if (attempt <= Math.max(...products.map(failingAttempts))) {
        throw new WarehouseError(`the warehouse did not answer (attempt ${attempt})`);
      }
      if (products.includes(OUT_OF_STOCK)) {
        return { fulfilled: false, code: 'OUT_OF_STOCK', message: `${OUT_OF_STOCK} is out of stock.` };
      }
      fulfilled.add(idempotencyKey);
      const [oldest] = fulfilled;
      if (fulfilled.size > REMEMBERED && oldest !== undefined) fulfilled.delete(oldest);
      return { fulfilled: true };
    },
  };
}
