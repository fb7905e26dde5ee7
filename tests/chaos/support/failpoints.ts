import type { Failpoint } from '@orderflow/platform/runtime/failpoints';
import { SERVICE_NAMES } from '../../../tools/local/embedded.mjs';
import { noneIs, type Check, type InvariantId } from '../trial.js';
import type { ChaosSystem } from './chaos-system.js';

/** The line that a process writes as it dies. */
const LAST_WORDS = /"died at a failpoint","failpoint":"([a-z.-]+)"/g;

/** How often processes have died at each failpoint so far. */
export async function countDeaths(system: ChaosSystem): Promise<Map<string, number>> {
  const logs = await Promise.all(SERVICE_NAMES.map((service) => system.logs(service)));
  const deaths = new Map<string, number>();
  for (const [, name = ''] of logs.join('').matchAll(LAST_WORDS)) deaths.set(name, (deaths.get(name) ?? 0) + 1);
  return deaths;
}

/** Checks that a process died at each failpoint. A failpoint that was never reached proves nothing. */
export function eachWasMet(id: InvariantId, points: readonly Failpoint[], deaths: ReadonlyMap<string, number>): Check {
  const { must, ...check } = noneIs(id, 'failpoints that were never reached', points, (name) => !deaths.has(name));
  const met = points.map((name) => `${name} ${deaths.get(name) ?? 0}`).join(', ');
  return { ...check, must, saw: `${check.saw} (deaths: ${met})` };
}
