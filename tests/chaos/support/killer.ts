import { setTimeout as pause } from 'node:timers/promises';
import type { Instance } from '../../support/instance.js';
import { createRandom } from './random.js';

export type Killer = {
  /** Resolves when all kills are done, or the killing was stopped, with their number. */
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
  /** Whether this one may live for now. */
  spares?: (victim: Instance) => boolean;
};

/** SIGKILLs one of the processes every 250 to 600 ms, which one and when determined by the seed. */
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
      // One that is still starting has nothing to lose.
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
