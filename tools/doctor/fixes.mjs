/** The commands that mend a system, by the way in which it was started. */

/**
 * @typedef {import('./drift.mjs').Fixes} Fixes
 * @typedef {import('./surroundings.mjs').Origin} Origin
 * @typedef {import('./surroundings.mjs').System} System
 */

const HOOK = '/etc/localstack/init/ready.d/10-deploy.py';

/** @param {Origin} origin */
export function composeCommand(origin) {
  const project = origin.kind === 'named' ? 'orderflow' : origin.project;
  return project === 'orderflow' ? 'docker compose' : `docker compose -p ${project}`;
}

/** @param {System} system @returns {Fixes} */
export function fixesOf({ origin, endpoint, stage }) {
  const variable = stage === 'local' ? '' : `STAGE=${stage} `;
  if (origin.kind === 'local') {
    const { prefix } = origin;
    const restart = `${prefix}npm run local:stop, then ${prefix}${variable}npm run local   (the data is lost)`;
    return { deploy: restart, recreate: restart };
  }
  if (origin.kind === 'compose') {
    const compose = composeCommand(origin);
    return {
      deploy: `${compose} exec ${variable && `-e ${variable}`}localstack .venv/bin/python ${HOOK}`,
      recreate: `${variable}${compose} up -d --force-recreate --wait localstack   (the data is lost)`,
    };
  }
  const deploy = `STAGE=${stage} EMULATOR_URL=${endpoint} TEMPLATE=infrastructure/template.yaml .local/ministack/bin/python localstack-init/ready.d/10-deploy.py`;
  return { deploy, recreate: `restart the emulator at ${endpoint} empty, then ${deploy}` };
}

/**
 * One of the operator's commands for this system: they find what `npm run local` or Compose runs, and its key.
 * @param {System} system
 * @param {string} script
 * @param {...string} args
 */
export function operatorCommand({ origin, endpoint, stage }, script, ...args) {
  const isFound = origin.kind !== 'named';
  const where = [...(isFound ? [] : [`--endpoint ${endpoint}`]), ...(stage === 'local' ? [] : [`--stage ${stage}`])];
  const options = [...args, ...where];
  const prefix = origin.kind === 'named' ? '' : (origin.prefix ?? '');
  return [`${prefix}npm run ${script}`, ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
}

/** Where the emulator says what is wrong with it. @param {System} system */
export function emulatorLog({ origin }) {
  if (origin.kind === 'compose') return `${composeCommand(origin)} logs --tail 20 localstack`;
  return origin.kind === 'local'
    ? `tail -n 20 ${origin.logs}emulator.log`
    : 'name the emulator: npm run doctor -- --endpoint URL';
}
