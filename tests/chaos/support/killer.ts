import { setTimeout as pause } from 'node:timers/promises';
import type { Instance } from '../../support/instance.js';
import { createRandom } from '@orderflow/testing/random';

export type Killer = {
  /** Resolves with the number of kills when all are done or `stop` was called. */
  done: Promise<number>;
  stop(): void;
};

async function isUp(victim: Instance): Promise<boolean> {
  if (victim.pid() === undefined) return false;
  const live = fetch(`http://127.0.0.1:${victim.port}/health/live`, { signal: AbortSignal.timeout(1_000) });
  return live.then(({ ok }) => ok).catch(() => false);
}

type KillerOptions = {
  seed: number;
  kills: number;
  /** Whether to spare this process for now. */
  spares?: (victim: Instance) => boolean;
};

/** Kills a process every 250 to 600 ms. The seed determines which and when. */
export function startKiller(
  victims: readonly Instance[],
  { seed, kills, spares = () => false }: KillerOptions,
): Killer {
  const random = createRandom(seed);
  const ending = new AbortController();
  let killed = 0;
  const isStopped = (): boolean => ending.signal.aborted;
  async function run(): Promise<number> {
    while (killed < kills && !isStopped()) {
      await pause(250 + random() * 350, undefined, { signal: ending.signal }).catch(() => undefined);
      const victim = victims[Math.floor(random() * victims.length)];
      // A starting process has no work to lose.
      if (!victim || spares(victim) || !(await isUp(victim)) || isStopped()) continue;
      await victim.kill();
      killed += 1;
    }
    return killed;
  }
  return {
    done: run(),
    stop: () => {
      ending.abort();
    },
  };
}
