import type { BenchSystem } from '../support/bench-system.js';
import { closedLoop, createLoadClient, openLoop, type LoadClient, type Placed } from '../support/load.js';
import { percentile } from '@orderflow/platform/runtime/percentile';
import { watchCompletions } from '../support/watch-completions.js';
import { warmUp } from './saturation.js';

/** Percent of the subject's own saturation. */
const LOADS = [5, 50] as const;

const postTimes = (placed: readonly Placed[]): number[] => placed.map(({ postMs }) => postMs);

async function underLoad(system: BenchSystem, client: LoadClient, rate: number, seconds: number) {
  const completions = watchCompletions(system);
  const placed = await openLoop(client, { rate, seconds, onPlaced: completions.add });
  return { posts: postTimes(placed), completions: await completions.finish() };
}

/** Latencies with one client, and at shares of the saturation. @param saturation orders per second */
export async function measureLatency(system: BenchSystem, saturation: number, seconds: number) {
  await warmUp(system);
  const client = createLoadClient(system.apiUrl);
  const alone = postTimes(await closedLoop(client, { clients: 1, orders: 10 * seconds }));
  const measured: Record<string, number> = {
    postAloneP50: percentile(alone, 0.5),
    postAloneP99: percentile(alone, 0.99),
  };
  for (const load of LOADS) {
    const { posts, completions } = await underLoad(system, client, (saturation * load) / 100, seconds);
    measured[`post${load}P50`] = percentile(posts, 0.5);
    measured[`post${load}P99`] = percentile(posts, 0.99);
    measured[`done${load}P50`] = percentile(completions, 0.5);
    measured[`done${load}P99`] = percentile(completions, 0.99);
  }
  client.close();
  return measured;
}
