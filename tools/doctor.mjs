/**
 * `npm run doctor`: looks at this machine and at the system that runs on it, and prints a line for each check, with the
 * exact fix where one is needed. It changes nothing, and works before `npm ci`.
 *
 *   npm run doctor -- --json                  one JSON document: { ok, checks: [{ check, status, found, fix }] }
 *   npm run doctor -- --endpoint URL          the emulator, where it is not found by itself
 *   npm run doctor -- --stage NAME            the stage, if not STAGE or local
 *
 * Exit code: 0 when nothing has failed, 1 when something has, 2 when it was called wrongly.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report, toText } from './doctor/check.mjs';
import { checkDocker, needEither } from './doctor/docker.mjs';
import { composeCommand } from './doctor/fixes.mjs';
import { checkMachine } from './doctor/machine.mjs';
import { checkPorts, checkLeftBehind } from './doctor/ports.mjs';
import { checkLocalServices, checkContainers } from './doctor/services.mjs';
import { findEndpoint, originOf } from './doctor/surroundings.mjs';
import { checkSystem, checkChoice, checkSilence } from './doctor/system.mjs';
import { forgetAws } from './local/environment.mjs';
import { credentialsAt, readLeftBehind, readLocalRun, readSettings } from './local/find-system.mjs';

const USAGE = 'npm run doctor -- [--json] [--endpoint URL] [--stage NAME] [--help]';
const root = fileURLToPath(new URL('..', import.meta.url));

class UsageError extends Error {}

function parse() {
  try {
    return parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        endpoint: { type: 'string' },
        stage: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

function readOptions() {
  const { values } = parse();
  const settings = readSettings(root, process.env);
  const endpoint = values.endpoint ?? (process.env['AWS_ENDPOINT_URL']?.trim() || undefined);
  const stage = values.stage ?? settings('STAGE') ?? 'local';
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) {
    throw new UsageError('The endpoint must be an http(s) URL such as http://127.0.0.1:4566.');
  }
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(stage)) {
    throw new UsageError('The stage must be 1 to 20 of a-z 0-9 - and start with a letter.');
  }
  return { ...values, endpoint: endpoint?.replace(/\/+$/, ''), stage, settings };
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
  const [ports, inSystem, services] = await Promise.all([
    checkPorts({
      ...{ settings, containers, project },
      localRun: origin.kind === 'compose' ? undefined : localRun,
      leftBehind,
    }),
    answers ? checkSystem(root, system) : [checkSilence(system)],
    localRun && origin.kind === 'local' ? checkLocalServices(localRun) : [],
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
  ];
}

/** @param {ReturnType<typeof readOptions>} options */
async function main(options) {
  const checks = await examine(options);
  const found = report(checks);
  const text = options.json ? `${JSON.stringify(found, null, 2)}\n` : toText(checks);
  // A hanging call could keep the process alive.
  process.stdout.write(text, () => process.exit(found.ok ? 0 : 1));
}

// Suppress AWS SDK warnings about Node.js versions that this project supports.
process.removeAllListeners('warning');
try {
  const options = readOptions();
  forgetAws(process.env);
  if (options.help) process.stdout.write(`${USAGE}\n`);
  else await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
