/** The commands that fix a system, depending on how it was started. */

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
  const queueUrl = (/** @type {string} */ queue) => `${endpoint}/000000000000/${queue}`;
  const variable = stage === 'local' ? '' : `STAGE=${stage} `;
  if (origin.kind === 'local') {
    const { prefix } = origin;
    const restart = `${prefix}npm run local:stop, then ${prefix}${variable}npm run local   (the data is lost)`;
    const aws = (/** @type {string} */ step) => `(eval "$(${prefix}npm run local --silent -- --env)" && aws ${step})`;
    return { deploy: restart, recreate: restart, aws, queueUrl };
  }
  if (origin.kind === 'compose') {
    const compose = composeCommand(origin);
    return {
      deploy: `${compose} exec ${variable && `-e ${variable}`}localstack .venv/bin/python ${HOOK}`,
      recreate: `${compose} restart localstack   (the data is lost)`,
      aws: (step) => `${compose} exec localstack awslocal --region us-east-1 ${step}`,
      queueUrl: (queue) => `http://127.0.0.1:4566/000000000000/${queue}`,
    };
  }
  const deploy = `STAGE=${stage} EMULATOR_URL=${endpoint} TEMPLATE=infrastructure/template.yaml .local/ministack/bin/python localstack-init/ready.d/10-deploy.py`;
  const key =
    'AWS_ACCESS_KEY_ID=${EMULATOR_ACCESS_KEY_ID:-test} AWS_SECRET_ACCESS_KEY=${EMULATOR_SECRET_ACCESS_KEY:-test}';
  return {
    deploy,
    recreate: `restart the emulator at ${endpoint} empty, then ${deploy}`,
    aws: (step) => `${key} aws --endpoint-url ${endpoint} --region us-east-1 ${step}`,
    queueUrl,
  };
}

/**
 * An operator command for this system. It finds the system and its key itself.
 * @param {System} system @param {string} script @param {...string} args
 */
export function operatorCommand({ origin, endpoint, stage }, script, ...args) {
  const [prefix = '', where] = origin.kind === 'named' ? ['', [`--endpoint ${endpoint}`]] : [origin.prefix, []];
  const options = [...args, ...where, ...(stage === 'local' ? [] : [`--stage ${stage}`])];
  return [`${prefix}npm run ${script}`, ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
}

/** Shows the end of the API's log. @param {Pick<System, 'origin'>} system */
export function apiLog({ origin }) {
  return origin.kind === 'local'
    ? `tail -n 20 ${origin.logs}api-gateway.log`
    : `${composeCommand(origin)} logs --tail 20 api-gateway`;
}

/** Where the emulator logs. @param {System} system */
export function emulatorLog({ origin }) {
  if (origin.kind === 'compose') return `${composeCommand(origin)} logs --tail 20 localstack`;
  return origin.kind === 'local'
    ? `tail -n 20 ${origin.logs}emulator.log`
    : 'name the emulator: npm run doctor -- --endpoint URL';
}
