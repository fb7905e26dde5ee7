import type { WorkItem } from './work-item.js';

/**
 * How far the clocks of two machines may differ before one takes over work that the other is still doing. NTP keeps
 * clocks within tens of ms of each other.
 */
export const LEASE_SKEW_MS = 1_000;

/** Epoch ms, by this process's clock, until which the claim's owner may still be working. */
export function leaseEndsAt({ leaseUntil }: Pick<WorkItem, 'leaseUntil'>): number {
  return leaseUntil + LEASE_SKEW_MS;
}

/**
 * Whether the owner of a claim may still be working.
 *
 *     claim               leaseUntil   + skew
 *   ───┬──────────────────────┬──────────┬─────────>
 *      │ leased                          │ expired
 *
 * A lease that ends later than a lease taken now would was written by a clock that was ahead, or this clock was set
 * back. It counts as expired: otherwise no message could take over until this clock catches up. A takeover that is too
 * early is harmless: the owner's outcome is refused.
 *
 * @param now epoch ms, read after the item: otherwise a lease that began in between would seem to end too late
 * @param leaseMs length of a lease
 */
export function isLeased(item: Pick<WorkItem, 'leaseUntil'>, now: number, leaseMs: number): boolean {
  return now <= leaseEndsAt(item) && item.leaseUntil <= now + leaseMs + LEASE_SKEW_MS;
}
