import { startEmulator } from '../../support/embedded-system.js';
import { startLocalStackEmulator } from '../../support/emulator.js';
import { runStateMachine } from '../state-machine/run.js';
import type { Trial } from '../trial.js';

const RUNS = { full: 1_000, ci: 120 } as const;

export const stateMachine: Trial = {
  name: 'state-machine',
  fault:
    'permutations, repetitions, forged messages, lost answers, deaths, stale and expired leases, replays, by the real statements',
  ablation: { name: 'claim-without-holder', breaks: 'I8' },
  run: async ({ seed, size, emulator: kind, ablated, say }) => {
    const stage = 'local';
    const emulator = kind === 'localstack' ? await startLocalStackEmulator({ STAGE: stage }) : await startEmulator();
    try {
      const { runs, statements, counterexample } = await runStateMachine({
        ...{ endpoint: emulator.url, stage, runs: RUNS[size], seed, ablated },
      });
      say(`${runs} histories, ${statements} statements`);
      if (counterexample !== undefined) say(counterexample);
      return [
        {
          id: 'I8',
          must: 'the same final state, rising versions, at most one effect per life, only replays leave a terminal state, bounded receives',
          saw: counterexample === undefined ? `so in ${runs} histories` : 'a counterexample',
          holds: counterexample === undefined && runs >= RUNS[size],
        },
      ];
    } finally {
      await emulator.dispose();
    }
  },
};
