/** The promises, by the names that docs/reliability.md gives them. */
export const INVARIANTS = {
  I1: 'every accepted order ends',
  I2: 'outcomes apply once',
  I3: 'nothing from nowhere',
  I4: 'no dual-write gap',
  I5: 'the API is idempotent',
  I6: 'poison is isolated',
  I7: 'stopping is graceful',
  I8: 'order does not matter',
  I9: 'outages are contained',
  I10: 'it ends and says so',
  I11: 'clocks may stop and jump',
} as const;
export type InvariantId = keyof typeof INVARIANTS;

/** One thing that must hold, and what was seen. */
export type Check = { id: InvariantId; must: string; saw: string; holds: boolean };

export type TrialOptions = {
  seed: number;
  /** `ci` is small enough for every change, `full` is what docs/reliability.md reports. */
  size: 'ci' | 'full';
  /** In place of the size's own number of orders. */
  orders?: number;
  emulator: 'ministack' | 'localstack';
  /** The trial's ablation is on: its protection is taken away. */
  ablated: boolean;
  /** For a person who waits. */
  say: (line: string) => void;
};

/** A run of the system under faults, and what must hold of it. */
export type Trial = {
  name: string;
  /** What is done to the system. */
  fault: string;
  /** Left out of the small size; tests/e2e has the same in small. */
  fullOnly?: true;
  /** The protection that can be taken away, and the invariant that must fail then. */
  ablation?: { name: string; breaks: InvariantId };
  /** @throws what is no verdict on the system: it could not be started, say */
  run(options: TrialOptions): Promise<Check[]>;
};

/** A check that a count is what it must be. */
export function countIs(id: InvariantId, what: string, expected: number, seen: number): Check {
  return { id, must: `${what}: ${expected}`, saw: String(seen), holds: seen === expected };
}

/** A check that a figure stays within a limit. */
export function atMost(id: InvariantId, what: string, limit: number, seen: number, unit = ''): Check {
  return { id, must: `${what} ≤ ${limit}${unit}`, saw: `${Math.round(seen * 100) / 100}${unit}`, holds: seen <= limit };
}

/** Whether a trial's result is as it must be: everything holds, or what its ablation breaks does not. */
export function isAsExpected({ ablation }: Trial, ablated: boolean, checks: readonly Check[]): boolean {
  if (!ablated) return checks.length > 0 && checks.every(({ holds }) => holds);
  return checks.some(({ id, holds }) => id === ablation?.breaks && !holds);
}
