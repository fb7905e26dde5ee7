import type { OrderItem } from '@orderflow/contracts';

export type FulfilmentRequest = {
  /** Names the order to the outside world: two requests with the same key are one fulfilment. */
  idempotencyKey: string;
  items: readonly OrderItem[];
  /** How often this order's message has been received, from 1. */
  attempt: number;
  /** Aborted when nobody waits for the result any more. */
  signal: AbortSignal;
};

/** A refusal is an answer and ends the order; trouble on the way is an error, and the order is tried again. */
type FulfilmentResult = { fulfilled: true } | { fulfilled: false; code: string; message: string };

/** Reserves and ships an order's items. */
export type Fulfilment = { fulfil(request: FulfilmentRequest): Promise<FulfilmentResult> };
