/**
 * `npm run doctor`: checks this machine and the system that runs on it, and prints the exact fix for each problem. It
 * compiles orderctl, changes nothing else, and works before `npm ci`. With --aws it checks a deployed system instead.
 * Exit code: 0 when nothing has failed, 1 when something has, 2 for wrong usage.
 */
import { fileURLToPath } from 'node:url';
import { checkAccess } from './doctor/access.mjs';
import { fail, report, toText } from './doctor/check.mjs';
import { checkDocker, needEither } from './doctor/docker.mjs';
import { apiLog, composeCommand } from './doctor/fixes.mjs';
import { checkMachine, checkNodeVersion } from './doctor/machine.mjs';
import { checkPorts, checkLeftBehind } from './doctor/ports.mjs';
import { checkLocalServices, checkContainers } from './doctor/services.mjs';
import { findEndpoint, originOf } from './doctor/surroundings.mjs';
import { checkSystem, checkChoice, checkSilence } from './doctor/system.mjs';
import { forgetAws } from './local/environment.mjs';
import { credentialsAt, readLeftBehind, readLocalRun } from './local/local-run.mjs';
import { readSettings } from './local/settings.mjs';
import { misused, readArguments } from './usage.mjs';

const USAGE = `npm run doctor -- [--json] [--endpoint URL] [--stage NAME] [--aws [--region REGION]] [--help]

--json            one JSON document: { ok, checks: [{ check, status, found, fix }] }
--endpoint URL    the emulator to check, if not the one that runs here
--stage NAME      the stage, if not STAGE or local
--aws             the stacks of a stage on AWS, with the credentials that the AWS CLI would use
--region REGION   with --aws: the region, if not AWS_REGION or the profile's`;
const root = fileURLToPath(new URL('..', import.meta.url));

function readOptions() {
  const { values } = readArguments(USAGE, {
    options: {
      json: { type: 'boolean', default: false },
      endpoint: { type: 'string' },
      stage: { type: 'string' },
      aws: { type: 'boolean', default: false },
      region: { type: 'string' },
    },
  });
  const settings = readSettings(root, process.env);
  const { aws, region } = values;
  // .env and the shell's endpoint describe the laptop's system.
  const endpoint = values.endpoint ?? (aws ? undefined : process.env['AWS_ENDPOINT_URL']?.trim() || undefined);
  const stage = values.stage ?? (aws ? process.env['STAGE'] || undefined : settings('STAGE')) ?? 'local';
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) {
    misused(USAGE, 'The endpoint must be an http(s) URL such as http://127.0.0.1:4566.');
  }
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(stage)) {
    misused(USAGE, 'The stage must be 1 to 20 of a-z 0-9 - and start with a letter.');
  }
  if (region !== undefined && !aws) misused(USAGE, '--region needs --aws.');
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    misused(USAGE, 'The region must be a name such as eu-central-1.');
  }
  return { json: values.json, endpoint: endpoint?.replace(/\/+$/, ''), stage, settings, aws, region };
}

/** @param {ReturnType<typeof readOptions>} options */
async function examine({ endpoint: named, stage, settings }) {
  const localRun = readLocalRun(root, process.env);
  const [machine, docker] = await Promise.all([checkMachine(root), checkDocker(root)]);
  const { containers, config } = docker;
  const { endpoint, answers, systems } = await findEndpoint(named, root, process.env, { settings, containers });
  const leftBehind = readLeftBehind(root, process.env);
  const origin = originOf(endpoint, localRun, containers, systems);
  const system = { endpoint, credentials: credentialsAt(endpoint, process.env, localRun), stage, origin };
  const project = origin.kind === 'compose' ? origin.project : config.project;
  // Without a running system, containers that failed to start show why.
  const ofCompose = origin.kind === 'compose' || (origin.kind === 'named' && !answers);
  const ours = ofCompose ? containers.filter((container) => container.project === project) : [];
  const api = systems.find((one) => one.endpoint === endpoint)?.api;
  const [ports, inSystem, services, access] = await Promise.all([
    checkPorts({
      ...{ settings, containers, project },
      localRun: origin.kind === 'compose' ? undefined : localRun,
      leftBehind,
    }),
    answers ? checkSystem(root, system) : [checkSilence(system)],
    localRun && origin.kind === 'local' ? checkLocalServices(localRun) : [],
    checkAccess(api, process.env, apiLog({ origin })),
  ]);
  return [
    machine.node,
    machine.npm,
    ...needEither(machine.python, docker.checks),
    docker.image,
    machine.memory,
    machine.dependencies,
    ...ports,
    ...checkLeftBehind(leftBehind),
    ...checkChoice(systems),
    ...inSystem,
    ...(ours.length > 0 ? checkContainers(ours, composeCommand({ kind: 'compose', project })) : services),
    ...access,
  ];
}

/** @param {ReturnType<typeof readOptions>} options */
async function examineAws(options) {
  const node = checkNodeVersion(process.versions.node);
  try {
    const { checkAws } = await import('./doctor/aws/check-aws.mjs');
    return [node, ...(await checkAws(root, options, process.env))];
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return [node, fail('Dependencies', 'the AWS SDK is not installed', 'npm ci')];
  }
}

// Suppress AWS SDK warnings about Node.js versions that this project supports.
process.removeAllListeners('warning');
const options = readOptions();
if (!options.aws) forgetAws(process.env);
const checks = await (options.aws ? examineAws(options) : examine(options));
const found = report(checks);
const text = options.json ? `${JSON.stringify(found, null, 2)}\n` : toText(checks);
// A hanging call could keep the process alive.
process.stdout.write(text, () => process.exit(found.ok ? 0 : 1));
