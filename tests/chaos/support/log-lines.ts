import { SERVICE_NAMES } from '../../../tools/local/embedded.mjs';
import type { ChaosSystem } from './chaos-system.js';

/** Warnings and errors that all services have logged so far. */
export async function countTroubleLines(system: ChaosSystem): Promise<number> {
  const logs = await Promise.all(SERVICE_NAMES.map((service) => system.logs(service)));
  return logs
    .join('\n')
    .split('\n')
    .filter((line) => /"level":"(error|warn)"/.test(line)).length;
}
