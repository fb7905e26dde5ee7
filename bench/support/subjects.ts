import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** This system and two peers that do the same on the same topology. */
export const SUBJECTS = ['ours', 'straightforward', 'floor'] as const;
export type Subject = (typeof SUBJECTS)[number];

const root = new URL('../..', import.meta.url);

/** Programs that replace the services' main files; undefined for the services themselves. */
export function mainsOf(subject: Subject): { 'api-gateway': string; 'order-worker': string } | undefined {
  if (subject === 'ours') return undefined;
  const dist = `bench/peers/${subject}/dist`;
  return { 'api-gateway': `${dist}/api.js`, 'order-worker': `${dist}/worker.js` };
}

/** The programs of a subject that are not compiled. */
export function missingMains(subject: Subject): string[] {
  return Object.values(mainsOf(subject) ?? {}).filter((file) => !existsSync(fileURLToPath(new URL(file, root))));
}
