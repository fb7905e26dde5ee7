import { setTimeout } from 'node:timers/promises';
import type { Fulfilment, FulfilmentRequest, FulfilmentResult } from './fulfilment.js';

/**
 * Product ids that control the simulation, like a payment provider's test cards. Any other product is in stock.
 *
 * | productId            | what happens                                                        |
 * |----------------------|---------------------------------------------------------------------|
 * | test-out-of-stock    | refused: the order ends FAILED with OUT_OF_STOCK                     |
 * | test-fails-<n>-times | throws in the first n attempts (n from 1 to 99), then succeeds       |
 * | test-fails-always    | throws in every attempt, until the message is dead-lettered          |
 * | test-slow            | takes 10 s                                                           |
 * | test-ships-at-once   | fulfilled; can no longer be cancelled                                |
 */
const OUT_OF_STOCK = 'test-out-of-stock';
const FAILS_TIMES = /^test-fails-([1-9]\d?)-times$/;
const FAILS_ALWAYS = 'test-fails-always';
const SLOW = 'test-slow';
const SLOW_MS = 10_000;
const SHIPS_AT_ONCE = 'test-ships-at-once';
/** Bounds the memory. A retried order comes back within minutes. */
const MAX_REMEMBERED = 10_000;
const CANCELLED: FulfilmentResult = { fulfilled: false, code: 'CANCELLED', message: 'This order was cancelled.' };

/** The warehouse could not be reached; trying again may help. */
class WarehouseError extends Error {
  override readonly name = 'WarehouseError';
}

function failingAttempts(productId: string): number {
  if (productId === FAILS_ALWAYS) return Infinity;
  return Number(FAILS_TIMES.exec(productId)?.[1] ?? 0);
}

/** Adds a key and forgets the oldest one above MAX_REMEMBERED. */
function remember(keys: Set<string>, key: string): void {
  keys.add(key);
  const [oldest] = keys;
  if (keys.size > MAX_REMEMBERED && oldest !== undefined) keys.delete(oldest);
}

type SimulationOptions = {
  /** How long an ordinary call takes. */
  delayMs: number;
  /** Product id for which every attempt fails. */
  breaksOn?: string | undefined;
};

/**
 * A warehouse in this process's memory. A real one is an external system, and keeps fulfilled and cancelled keys for as
 * long as an order can be retried.
 */
export function createSimulatedFulfilment({ delayMs, breaksOn }: SimulationOptions): Fulfilment {
  /** Idempotency keys of fulfilled orders. A repeat gets the same answer and ships nothing. */
  const fulfilled = new Set<string>();
  /** Those of them that can no longer be cancelled. */
  const shipped = new Set<string>();
  const cancelled = new Set<string>();

  return {
    async fulfil({ idempotencyKey, items, attempt, signal }: FulfilmentRequest) {
      if (cancelled.has(idempotencyKey)) return CANCELLED;
      if (fulfilled.has(idempotencyKey)) return { fulfilled: true };
      const products = items.map(({ productId }) => productId);
      await setTimeout(products.includes(SLOW) ? SLOW_MS : delayMs, undefined, { signal });
      // It may have been cancelled meanwhile.
      if (cancelled.has(idempotencyKey)) return CANCELLED;

      if (breaksOn !== undefined && products.includes(breaksOn)) {
        throw new WarehouseError(`the warehouse cannot handle ${breaksOn}`);
      }
      if (attempt <= Math.max(...products.map(failingAttempts))) {
        throw new WarehouseError(`the warehouse did not answer (attempt ${attempt})`);
      }
      if (products.includes(OUT_OF_STOCK)) {
        return { fulfilled: false, code: 'OUT_OF_STOCK', message: `${OUT_OF_STOCK} is out of stock.` };
      }
      remember(fulfilled, idempotencyKey);
      if (products.includes(SHIPS_AT_ONCE)) remember(shipped, idempotencyKey);
      return { fulfilled: true };
    },

    cancel: ({ idempotencyKey }) => {
      if (shipped.has(idempotencyKey)) return Promise.resolve('fulfilled');
      fulfilled.delete(idempotencyKey);
      remember(cancelled, idempotencyKey);
      return Promise.resolve('cancelled');
    },
  };
}
