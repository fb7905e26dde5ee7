import { writeSync } from 'node:fs';
import { ABLATIONS } from './ablations.mjs';

/** Synchronously, because the process may end at once. */
const STDOUT = 1;

/**
 * The clients as a composition root has made them, with the protection taken away that ABLATION names. Says so in the log
 * at the first intervention and at each tenfold, so that a run can tell that the ablation was in effect.
 * @param {import('@orderflow/platform/aws/clients').AwsClients} aws
 * @param {NodeJS.ProcessEnv} env
 */
export function ablate(aws, env) {
  const name = env['ABLATION'];
  if (!name) return aws;
  const ablation = ABLATIONS[name];
  if (!ablation)
    throw new Error(`There is no ablation ${name}: ABLATION is one of ${Object.keys(ABLATIONS).join(', ')}.`);
  let count = 0;
  const intervened = () => {
    count++;
    if (Number.isInteger(Math.log10(count))) {
      writeSync(STDOUT, `${JSON.stringify({ message: 'ablation', name, count })}\n`);
    }
  };
  return ablation(aws, { intervened, env });
}
