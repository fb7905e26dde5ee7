import { writeSync } from 'node:fs';
import { ABLATIONS, FULFILMENT_ABLATIONS } from './ablations.mjs';

/** Synchronously, because the process may end at once. */
const STDOUT = 1;

/**
 * Logs interventions 1, 10, 100 …, so that a run can prove that the ablation took effect.
 * @param {string} name
 */
function countInterventions(name) {
  let count = 0;
  return () => {
    count++;
    if (Number.isInteger(Math.log10(count))) {
      writeSync(STDOUT, `${JSON.stringify({ message: 'ablation', name, count })}\n`);
    }
  };
}

/**
 * Wraps the clients of a service to remove the protection that ABLATION names.
 * @param {import('@orderflow/platform/aws/clients').AwsClients} aws
 * @param {NodeJS.ProcessEnv} env
 */
export function ablate(aws, env) {
  const name = env['ABLATION'];
  if (!name || FULFILMENT_ABLATIONS[name]) return aws;
  const ablation = ABLATIONS[name];
  if (!ablation) {
    const names = [...Object.keys(ABLATIONS), ...Object.keys(FULFILMENT_ABLATIONS)];
    throw new Error(`There is no ablation ${name}: ABLATION is one of ${names.join(', ')}.`);
  }
  return ablation(aws, { intervened: countInterventions(name), env });
}

/**
 * The same for the warehouse adapter.
 * @param {import('./ablations.mjs').Fulfilment} fulfilment
 * @param {NodeJS.ProcessEnv} env
 */
export function ablateFulfilment(fulfilment, env) {
  const name = env['ABLATION'] ?? '';
  return FULFILMENT_ABLATIONS[name]?.(fulfilment, countInterventions(name)) ?? fulfilment;
}
