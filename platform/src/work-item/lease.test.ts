import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isLeased, LEASE_SKEW_MS, leaseEndsAt } from './lease.js';

const NOW = Date.UTC(2027, 2, 14);
const leases = fc.integer({ min: 1_000, max: 43_200_000 });
const skews = fc.integer({ min: -LEASE_SKEW_MS, max: LEASE_SKEW_MS });

describe('a lease', () => {
  it('lasts its whole length if the clocks differ by no more than the allowance', () => {
    fc.assert(
      fc.property(leases, skews, fc.double({ min: 0, max: 1, noNaN: true }), (leaseMs, skewMs, share) => {
        const item = { leaseUntil: NOW + skewMs + leaseMs };
        expect(isLeased(item, NOW + Math.floor(share * leaseMs), leaseMs)).toBe(true);
      }),
    );
  });

  it('never delays a takeover by more than its length, whatever the clocks say', () => {
    const steps = fc.oneof(fc.integer({ min: -1e11, max: 1e11 }), fc.integer({ min: -100_000, max: 100_000 }));
    fc.assert(
      fc.property(leases, steps, (leaseMs, stepMs) => {
        const item = { leaseUntil: NOW + stepMs + leaseMs };
        const later = NOW + leaseMs + 2 * LEASE_SKEW_MS + 1;
        expect(isLeased(item, NOW, leaseMs) && isLeased(item, later, leaseMs)).toBe(false);
      }),
    );
  });

  it('ends just after the time that leaseEndsAt returns', () => {
    const item = { leaseUntil: NOW + 30_000 };
    expect(isLeased(item, leaseEndsAt(item), 30_000)).toBe(true);
    expect(isLeased(item, leaseEndsAt(item) + 1, 30_000)).toBe(false);
  });
});
