import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { MonotonicClock, Stopwatch } from '@orderflow/platform/runtime/clock';

type Window = { current: number; ageMs: Stopwatch };

/** Counts a request that the plugin does not see. */
export type CountRequest = (client: string) => { isExceeded: boolean; retryAfterSeconds: number };

/** Clients that are remembered. The least recent are forgotten first. */
const MAX_CLIENTS = 5_000;

/**
 * Counts the requests of each client in windows. The plugin's own store uses the wall clock: after a step back by an
 * hour, its window would last that hour and it would refuse clients within their limit.
 */
export function createRateLimit(monotonic: MonotonicClock, max: number, windowMs: number) {
  const windows = new Map<string, Window>();

  function count(client: string): { current: number; ttl: number } {
    const known = windows.get(client);
    const window = known && known.ageMs() < windowMs ? known : { current: 0, ageMs: monotonic.startStopwatch() };
    window.current += 1;
    windows.delete(client);
    windows.set(client, window);
    const [oldest] = windows.keys();
    if (windows.size > MAX_CLIENTS && oldest !== undefined) windows.delete(oldest);
    return { current: window.current, ttl: Math.max(0, windowMs - window.ageMs()) };
  }

  class RateLimitStore implements FastifyRateLimitStore {
    incr(...[key, callback]: Parameters<FastifyRateLimitStore['incr']>): void {
      callback(null, count(key));
    }

    child(): FastifyRateLimitStore {
      return this;
    }
  }

  const Store: FastifyRateLimitStoreCtor = RateLimitStore;
  const countRequest: CountRequest = (client) => {
    const { current, ttl } = count(client);
    return { isExceeded: current > max, retryAfterSeconds: Math.ceil(ttl / 1_000) };
  };
  return { Store, countRequest };
}
