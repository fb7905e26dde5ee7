import type { OrderItem } from '@orderflow/contracts';

type Call = {
  /**
   * Names one life of an order to the outside world: two requests with the same key are one fulfilment. An order that is
   * replayed after it was cancelled comes with another key.
   */
  idempotencyKey: string;
  /** Aborted when nobody waits for the result any more. */
  signal: AbortSignal;
};

export type FulfilmentRequest = Call & {
  items: readonly OrderItem[];
  /** Which attempt at this order's message it is, from 1; receives that ended in an outage are not counted. */
  attempt: number;
};

export type CancelRequest = Call;

/**
 * A refusal is an answer and ends the order; trouble on the way is an error, and the order is tried again. Both answers
 * are final for their key.
 */
export type FulfilmentResult = { fulfilled: true } | { fulfilled: false; code: string; message: string };

/**
 * `cancelled`: nothing was shipped under the key, or what was is undone, and a later fulfil with the key is refused, one
 * that is still under way included. `fulfilled`: it has shipped and cannot be called back. Both are final.
 */
type CancelResult = 'cancelled' | 'fulfilled';

/** Reserves and ships an order's items. Adapters are used through `checkFulfilment`, so that any answer is harmless. */
export type Fulfilment = {
  /** @throws when the warehouse cannot be reached, or nobody knows what it did */
  fulfil: (request: FulfilmentRequest) => Promise<FulfilmentResult>;
  /** @throws when the warehouse cannot be reached: nothing is known then, and the order must not be given up */
  cancel: (request: CancelRequest) => Promise<CancelResult>;
};
