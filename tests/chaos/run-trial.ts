import type { TrialRun } from './report.js';
import type { Trial, TrialOptions } from './trial.js';

/** Runs a trial once. An error becomes part of the result. */
export async function runTrial(trial: Trial, options: TrialOptions): Promise<TrialRun> {
  const { seed, ablated } = options;
  const startedAt = performance.now();
  const outcome = await trial.run(options).then(
    (checks) => ({ checks }),
    (thrown: unknown) => ({ checks: [], error: thrown instanceof Error ? thrown : new Error(String(thrown)) }),
  );
  return { trial, seed, ablated, tookMs: performance.now() - startedAt, ...outcome };
}
