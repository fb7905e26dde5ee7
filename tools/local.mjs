/** `npm run local`: the whole system without Docker. USAGE has the ways to call it. */
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endKnown, STOP_WITHIN_MS } from './local/children.mjs';
import { shellCommands } from './local/environment.mjs';
import { LocalError, printProblem } from './local/fail.mjs';
import { isAlive, mayBeAlive } from './local/identity.mjs';
import { endLeftBehind, makeRunFolder, pidFile, runFolder } from './local/local-run.mjs';
import { runSystem } from './local/run.mjs';
import { addEnvFiles } from './local/settings.mjs';
import { say } from './local/steps.mjs';
import { misused, readArguments } from './usage.mjs';

const USAGE = `npm run local                              until Ctrl-C, with the merged logs
npm run local -- --detach                  in the background; npm run local:stop ends it
npm run local -- --auth                    with an OpenID provider: the API asks for access tokens
npm run local -- --emulator localstack     with a LocalStack container as the emulator
npm run local -- --env                     what the AWS CLI needs, as shell commands
npm run dev                                the same with rebuild and restart on change`;

const root = fileURLToPath(new URL('..', import.meta.url));
addEnvFiles(root, process.env);
const folder = runFolder(root, process.env);
const { runFile, startLog, logs, prefix } = folder;
const state = pidFile(runFile);

/** Restarts this program in the background, and waits until it is ready. Interrupting the wait ends it. */
async function detach() {
  makeRunFolder(dirname(startLog));
  const log = openSync(startLog, 'w');
  const args = process.argv.slice(2).filter((argument) => argument !== '--detach');
  const command = [fileURLToPath(import.meta.url), ...args];
  const child = spawn(process.execPath, command, { cwd: root, detached: true, stdio: ['ignore', log, log, 'ipc'] });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill('SIGTERM'));
  }
  /** @type {number | undefined} */
  const exitCode = await new Promise((resolve) => {
    child.once('message', () => resolve(undefined));
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 1));
  });
  const said = readFileSync(startLog, 'utf8');
  say(said.split('\nTry it:')[0] ?? '');
  if (exitCode !== undefined) {
    if (said === '') say(`It ended at once, and wrote nothing to ${startLog}: is the disk full?`);
    // It ended before it was ready, whatever its exit code.
    process.exit(exitCode || 1);
  }
  say(`\nIn the background. Logs: ${logs}. Try it: ${prefix}npm run demo. Stop it: ${prefix}npm run local:stop`);
  process.exit(0);
}

/** For `eval`. */
function printEnvironment() {
  const known = state.readStrictly();
  const endpoint = known?.urls['AWS endpoint'];
  if (!known?.credentials || !endpoint || !mayBeAlive(known.parent)) {
    throw new LocalError('Orderflow is not running here.', `Start it first: ${prefix}npm run local`);
  }
  say(shellCommands(process.env, endpoint, known.credentials));
}

/** Ends the processes in run.json, even if their launcher is dead. */
async function stop() {
  const known = state.readStrictly();
  const isHere = known && (known.usesContainer || [known.parent, ...known.children].some(isAlive));
  if (isHere) {
    say('Stopping: the services finish the work in progress.');
    // The launcher ends its children and then the emulator, each within the limit.
    await endKnown(known.parent, 2 * STOP_WITHIN_MS + 5_000);
  }
  await endLeftBehind(folder);
  say(isHere ? 'Stopped.' : 'Orderflow is not running here.');
}

const { values } = readArguments(USAGE, {
  options: {
    detach: { type: 'boolean', default: false },
    stop: { type: 'boolean', default: false },
    env: { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
    auth: { type: 'boolean', default: false },
    emulator: { type: 'string', default: 'ministack' },
  },
});
if (!['ministack', 'localstack'].includes(values.emulator)) {
  misused(USAGE, `There is no emulator ${values.emulator}.`);
}
if (!values.stop && !values.env && !values.detach) {
  await runSystem(folder, values);
} else {
  try {
    if (values.stop) await stop();
    else if (values.env) printEnvironment();
    else await detach();
  } catch (error) {
    printProblem(error);
    process.exit(1);
  }
}
