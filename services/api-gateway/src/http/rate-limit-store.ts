import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { MonotonicClock, Stopwatch } from '@orderflow/platform/clock';

type Window = { current: number; ageMs: Stopwatch };

/** Clients that are remembered; of more, those that have not asked for longest are forgotten. */
const MOST_CLIENTS = 5_000;

/**
 * Counts the requests of each client in windows. The plugin's own store goes by the wall clock: set back by an hour, it
 * would go on counting for that hour, and refuse a client that is well within its limit.
 */
export function rateLimitStore(monotonic: MonotonicClock): FastifyRateLimitStoreCtor {
  return class RateLimitStore implements FastifyRateLimitStore {
    private readonly windows = new Map<string, Window>();

    incr(...[key, callback, windowMs]: Parameters<FastifyRateLimitStore['incr']>): void {
      const known = this.windows.get(key);
      const window = known && known.ageMs() < windowMs ? known : { current: 0, ageMs: monotonic.startStopwatch() };
      window.current += 1;
      this.windows.delete(key);
      this.windows.set(key, window);
      const [oldest] = this.windows.keys();
      if (this.windows.size > MOST_CLIENTS && oldest !== undefined) this.windows.delete(oldest);
      callback(null, { current: window.current, ttl: Math.max(0, windowMs - window.ageMs()) });
    }

    child(): FastifyRateLimitStore {
      return new RateLimitStore();
    }
  };
}
