import { describe, expect, it } from '@jest/globals';
import { runTrial } from './run-trial.js';
import { TRIALS } from './trials.js';

const SEED = 1;
const TRIAL_TIMEOUT_MS = 240_000;
const options = { seed: SEED, size: 'ci', emulator: 'ministack', say: () => undefined } as const;

const IN_SMALL = TRIALS.filter(({ fullOnly }) => !fullOnly);

describe.each(IN_SMALL.map((trial) => [trial.name, trial] as const))('%s', (_name, trial) => {
  it(
    `holds under ${trial.fault}`,
    async () => {
      const { checks, error } = await runTrial(trial, { ...options, ablated: false });
      if (error) throw error;
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    },
    TRIAL_TIMEOUT_MS,
  );

  const { ablation } = trial;
  if (!ablation) return;
  it(
    `breaks ${ablation.breaks} with the ablation ${ablation.name}`,
    async () => {
      const { checks, error } = await runTrial(trial, { ...options, ablated: true });
      if (error) throw error;
      const broken = checks.filter(({ id, holds }) => id === ablation.breaks && !holds);
      expect(broken).not.toEqual([]);
    },
    TRIAL_TIMEOUT_MS,
  );
});
