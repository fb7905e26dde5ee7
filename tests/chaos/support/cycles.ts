import { countIs, type Check } from '../trial.js';

/** One time that a process was asked to stop. */
export type Cycle = {
  code: number;
  tookMs: number;
  /** It had received work since its start; order-worker even had work in hand. */
  wasBusy: boolean;
  /** Messages of its queue that were in flight when it had ended. */
  leftInFlight: number;
};

/** Cycles are graceful, and have met work. @param graceMs what a container is given */
export function stopsGracefully(what: string, expected: number, cycles: readonly Cycle[], graceMs: number): Check[] {
  const count = (bad: (cycle: Cycle) => boolean) => cycles.filter(bad).length;
  return [
    countIs(
      'I7',
      `SIGTERM cycles of ${what}, at work`,
      expected,
      count(({ wasBusy }) => wasBusy),
    ),
    countIs(
      'I7',
      `${what}: exit codes other than 0`,
      0,
      count(({ code }) => code !== 0),
    ),
    countIs(
      'I7',
      `${what}: stops longer than ${graceMs / 1_000} s`,
      0,
      count(({ tookMs }) => tookMs > graceMs),
    ),
    countIs(
      'I7',
      `${what}: messages left in flight`,
      0,
      cycles.reduce((sum, { leftInFlight }) => sum + leftInFlight, 0),
    ),
  ];
}
