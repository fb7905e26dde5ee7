import type { Breaker } from './breaker.js';
import type { Hold } from './hold.js';
import type { Middleware } from './pipeline.js';

/** Repeats a delivery while AWS denies one of its calls: see `createHold`. */
export function withHold(hold: Hold, breaker: Breaker): Middleware {
  return (next) => (delivery) => hold.run(() => next(delivery), breaker.report);
}
