import { countIs, type Check } from '../trial.js';

/** One stop of a process. */
export type Cycle = {
  code: number;
  tookMs: number;
  /** The process had received work since its start; for order-worker, the work was in progress. */
  wasBusy: boolean;
  /** Messages of its queue in flight after its end. */
  leftInFlight: number;
};

/** Every stop is graceful, and the expected number interrupts work. @param graceMs a container's stop_grace_period */
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
