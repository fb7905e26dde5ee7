import type { WorkItem } from './work-item.js';

/**
 * How far the clocks of two machines may differ before one of them takes over work that the other still does. NTP keeps
 * clocks within some tens of ms of each other.
 */
export const LEASE_SKEW_MS = 1_000;

/** Epoch ms: up to then, by the clock of this process, the claim's owner may still be at work. */
export function leaseEndsAt({ leaseUntil }: Pick<WorkItem, 'leaseUntil'>): number {
  return leaseUntil + LEASE_SKEW_MS;
}

/**
 * Whether the owner of a claim may still be at work.
 *
 *     claim               leaseUntil   + skew
 *   ───┬──────────────────────┬──────────┬─────────>
 *      │ leased                          │ passed
 *
 * A lease that ends later than one from now could was written by a clock that was ahead, or this clock was set back.
 * It counts as passed: nobody would take over for the length of the step otherwise, and a takeover that comes too early
 * only makes the owner's outcome be refused.
 *
 * @param now epoch ms, read after the item: a lease that began since would seem to end too late
 * @param leaseMs length of a lease
 */
export function isLeased(item: Pick<WorkItem, 'leaseUntil'>, now: number, leaseMs: number): boolean {
  return now <= leaseEndsAt(item) && item.leaseUntil <= now + leaseMs + LEASE_SKEW_MS;
}
