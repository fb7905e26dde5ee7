/** The promises, as docs/reliability.md names them. */
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
  I10: 'nothing is left behind',
  I11: 'clocks may stop and jump',
  I12: 'forgeries change nothing',
} as const;
export type InvariantId = keyof typeof INVARIANTS;

/** One check, and the observed value. */
export type Check = { id: InvariantId; must: string; saw: string; holds: boolean };

export type TrialOptions = {
  seed: number;
  /** `ci` is small enough to run on every change; docs/reliability.md reports `full`. */
  size: 'ci' | 'full';
  /** Overrides the size's number of orders. */
  orders?: number;
  emulator: 'ministack' | 'localstack';
  /** Whether the trial's protection is removed. */
  ablated: boolean;
  /** Reports progress on a terminal. */
  say: (line: string) => void;
};

/** A run of the system under faults, with its checks. */
export type Trial = {
  name: string;
  /** What the trial does to the system. */
  fault: string;
  /** Omitted from the small size, because tests/e2e has a smaller version. */
  fullOnly?: true;
  /** The protection to remove, and the invariant that must then fail. */
  ablation?: { name: string; breaks: InvariantId };
  /** @throws errors that say nothing about the system, for example a failed start */
  run(options: TrialOptions): Promise<Check[]>;
};

/** Checks that a count has the expected value. */
export function countIs(id: InvariantId, what: string, expected: number, seen: number): Check {
  return { id, must: `${what}: ${expected}`, saw: String(seen), holds: seen === expected };
}

/** Checks that no element is wrong. */
export function noneIs<T>(
  id: InvariantId,
  what: string,
  all: readonly T[],
  isWrong: (one: T) => boolean | undefined,
): Check {
  return countIs(id, what, 0, all.filter(isWrong).length);
}

/** Checks that a number is within a limit. */
export function atMost(id: InvariantId, what: string, limit: number, seen: number, unit = ''): Check {
  return { id, must: `${what} ≤ ${limit}${unit}`, saw: `${Math.round(seen * 100) / 100}${unit}`, holds: seen <= limit };
}

/** Whether a trial's result is as expected: every check holds or, with the ablation, its invariant fails. */
export function isAsExpected({ ablation }: Trial, ablated: boolean, checks: readonly Check[]): boolean {
  if (!ablated) return checks.length > 0 && checks.every(({ holds }) => holds);
  return checks.some(({ id, holds }) => id === ablation?.breaks && !holds);
}
