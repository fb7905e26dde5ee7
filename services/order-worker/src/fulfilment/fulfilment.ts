import type { OrderItem } from '@orderflow/contracts';

type Call = {
  /**
   * Identifies one life of an order: two requests with the same key are one fulfilment. A replay of a cancelled order has
   * a different key.
   */
  idempotencyKey: string;
  /** Aborted when the worker no longer waits for the result. */
  signal: AbortSignal;
};

export type FulfilmentRequest = Call & {
  items: readonly OrderItem[];
  /** The attempt at this order's message, from 1. Receives that ended in an outage do not count. */
  attempt: number;
};

export type CancelRequest = Call;

/** A refusal is an answer and ends the order. An error leads to a retry. Both answers are final for their key. */
export type FulfilmentResult = { fulfilled: true } | { fulfilled: false; code: string; message: string };

/**
 * `cancelled`: nothing is shipped under the key, and every later fulfil with it is refused, even one in flight.
 * `fulfilled`: the order has shipped and cannot be cancelled. Both are final.
 */
type CancelResult = 'cancelled' | 'fulfilled';

/** Reserves and ships an order's items. `checkFulfilment` wraps every adapter, so that any answer is harmless. */
export type Fulfilment = {
  /** @throws when the warehouse cannot be reached or its action is unknown */
  fulfil: (request: FulfilmentRequest) => Promise<FulfilmentResult>;
  /** @throws when the warehouse cannot be reached: its action is unknown, and the order must not be given up */
  cancel: (request: CancelRequest) => Promise<CancelResult>;
};
