import { type FlowPoint } from '@orderflow/contracts';
import { ORDER_STATES } from '@orderflow/domain/orders/order';
import { type FollowedOrder } from '@orderflow/domain/readable-item';
import { percentile } from '@orderflow/platform/runtime/percentile';

type Second = { accepted: number; completed: number; failed: number; latenciesMs: number[] };

/** Seconds kept. */
const MAX_SECONDS = 300;
/** Later seconds may still miss orders. */
const SETTLED_AFTER_SECONDS = 2;
/** Bounds the memory per second. Percentiles of this many are accurate enough. */
const MAX_LATENCIES = 1_000;
const NOTHING: Second = { accepted: 0, completed: 0, failed: 0, latenciesMs: [] };

function toPoint(second: number, { latenciesMs, ...counts }: Second): FlowPoint {
  const share = (of: number) => (latenciesMs.length === 0 ? undefined : percentile(latenciesMs, of));
  return { at: new Date(second * 1_000).toISOString(), ...counts, p50Ms: share(0.5), p95Ms: share(0.95) };
}

/** Counts accepted and ended orders per second, by the times in the orders. */
export function createFlow() {
  const seconds = new Map<number, Second>();

  function at(time: string): Second {
    const second = Math.floor(Date.parse(time) / 1_000);
    const entry = seconds.get(second) ?? { ...NOTHING, latenciesMs: [] };
    seconds.set(second, entry);
    return entry;
  }

  return {
    /** @param isNew whether this is the first state noted of the order */
    note: ({ status, createdAt, updatedAt, lastReplayId }: FollowedOrder, isNew: boolean): void => {
      if (isNew) at(createdAt).accepted += 1;
      if (status !== ORDER_STATES.completed && status !== ORDER_STATES.failed) return;
      const second = at(updatedAt);
      second[status === ORDER_STATES.completed ? 'completed' : 'failed'] += 1;
      // Clocks differ and can step back.
      const latencyMs = Math.max(0, Date.parse(updatedAt) - Date.parse(createdAt));
      // The latency of a replay would include the wait for an operator.
      if (lastReplayId === '' && second.latenciesMs.length < MAX_LATENCIES) second.latenciesMs.push(latencyMs);
    },
    /** The latest complete seconds since `since` (epoch ms), oldest first, including empty ones. */
    points: (now: number, since: number, most = MAX_SECONDS): FlowPoint[] => {
      const newest = Math.floor(now / 1_000) - SETTLED_AFTER_SECONDS;
      // Drops future seconds too: an item may have been written under a wrong clock.
      const isKept = (second: number): boolean => Math.abs(second - newest) < MAX_SECONDS;
      for (const second of seconds.keys()) if (!isKept(second)) seconds.delete(second);
      const oldest = Math.max(newest - most + 1, Math.floor(since / 1_000));
      return Array.from({ length: Math.max(0, newest - oldest + 1) }, (_, index) =>
        toPoint(oldest + index, seconds.get(oldest + index) ?? NOTHING),
      );
    },
  };
}
