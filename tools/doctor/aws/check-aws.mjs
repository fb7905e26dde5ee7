/** `npm run doctor -- --aws`: checks the deployed stacks of a stage. It changes nothing. */
import { readFileSync } from 'node:fs';
import { fail, ok } from '../check.mjs';
import { inTime } from '../../local/ask.mjs';
import { readTopologyWith } from '../emulator.mjs';
import { readTemplate } from '../template.mjs';
import { readResources } from '../../template.mjs';
import { checkAwsDrift } from './check-drift.mjs';
import { checkServices, clusterName, SERVICE_NAMES } from './check-services.mjs';
import { examineStack } from './check-stack.mjs';
import { explain, notRead } from './explain.mjs';
import { commandsFor, reachAws, stackName, STACKS } from './reach.mjs';
import { readServices } from './service.mjs';
import { createStackReader } from './stack.mjs';

/**
 * @typedef {import('../check.mjs').Check} Check
 * @typedef {{ stage: string, region?: string | undefined, endpoint?: string | undefined }} Options
 */

const WITHIN_MS = 20_000;

/**
 * Refuses a shell whose settings would send these calls to a local emulator.
 * @param {NodeJS.ProcessEnv} env @param {string | undefined} endpoint
 */
export function checkShell(env, endpoint) {
  const variable = Object.keys(env).find((name) => /^AWS_ENDPOINT_URL/.test(name) && env[name]);
  if (variable === undefined || endpoint !== undefined) return undefined;
  const found = `this shell sends AWS calls to ${env[variable]} (${variable})`;
  return fail('Credentials', found, `run it in a new shell, or: npm run doctor -- --aws --endpoint ${env[variable]}`);
}

/** @param {import('./reach.mjs').ClientOptions} reached @param {string} deployed @param {import('./stack.mjs').Stack} stack @param {import('./explain.mjs').Around} around */
async function examineResources(reached, deployed, stack, around) {
  const yaml = await import('yaml');
  const topology = readTemplate(deployed, stack, yaml);
  const { region, account } = stack;
  const commands = commandsFor({ stage: around.stage, region, account, endpoint: reached.endpoint });
  /** @type {Check[]} */
  const unread = [];
  const rulesAreDenied = (/** @type {unknown} */ error) => {
    unread.push(notRead('Rules of others', error, around));
  };
  try {
    const reading = readTopologyWith({ ...reached, region }, topology, rulesAreDenied);
    const actual = await inTime(reading, 'AWS', WITHIN_MS);
    const drift = checkAwsDrift({ deployed: topology, actual }, readResources(deployed, stack, yaml), commands);
    return [...drift, ...unread];
  } catch (error) {
    const { found, fix } = explain(error, around);
    return [fail('Resources', `not compared: ${found}`, fix)];
  }
}

/** @param {import('./reach.mjs').ClientOptions} reached @param {import('./explain.mjs').Around} around @param {import('./check-services.mjs').Fixes} fixes */
async function examineServices(reached, around, fixes) {
  try {
    const { services, denied } = await readServices(reached, clusterName(around.stage), SERVICE_NAMES);
    const unread = Object.entries(denied).map(([what, error]) => notRead(what, error, around));
    return [...checkServices(services, fixes), ...unread];
  } catch (error) {
    const { found, fix } = explain(error, around);
    return [fail('Services', `not checked: ${found}`, fix)];
  }
}

/** @param {string} root @param {import('./reach.mjs').ClientOptions} reached @param {import('./explain.mjs').Around} around */
export async function examineStacks(root, reached, around) {
  const yaml = await import('yaml');
  const reader = createStackReader(reached);
  const { region, endpoint } = reached;
  const commands = commandsFor({ stage: around.stage, region, account: '', endpoint });
  try {
    const checks = await Promise.all(
      STACKS.map(async (stack) => {
        const named = {
          ...{ name: stackName(around.stage, stack), deploy: commands.deploy(stack), aws: commands.aws },
          ...{ part: stack.part, isOptional: stack.part !== 'topology' },
          readFile: () => readFileSync(`${root}${stack.template}`, 'utf8'),
        };
        const { checks, stack: found, deployed } = await examineStack(reader, named, around, yaml);
        if (!found) return checks;
        if (stack.part === 'services') {
          const { aws, deploy } = named;
          return [...checks, ...(await examineServices(reached, around, { stage: around.stage, aws, deploy }))];
        }
        if (stack.part !== 'topology' || deployed === undefined) return checks;
        return [...checks, ...(await examineResources(reached, deployed, found, around))];
      }),
    );
    return checks.flat();
  } finally {
    reader.close();
  }
}

/** @param {string} root @param {Options} options @param {NodeJS.ProcessEnv} env @returns {Promise<Check[]>} */
export async function checkAws(root, { stage, region, endpoint }, env) {
  const misled = checkShell(env, endpoint);
  if (misled) return [misled];
  const profile = env['AWS_PROFILE'] || undefined;
  let reached;
  try {
    reached = await inTime(reachAws({ region, endpoint }, env), 'the source of the credentials', WITHIN_MS);
  } catch (error) {
    const { found, fix } = explain(error, { stage, region, profile });
    return [fail('Credentials', found, fix)];
  }
  const around = { stage, region: reached.region, profile };
  const found = `of ${profile ? `the profile ${profile}` : 'the default chain'}, for ${reached.region}`;
  const checks = await examineStacks(root, reached, around);
  return [ok('Credentials', found), ...checks];
}
