/**
 * `npm run local`: the whole system without Docker.
 *
 *   npm run local                              until Ctrl-C, with the merged logs
 *   npm run local -- --detach                  in the background; npm run local:stop ends it
 *   npm run local -- --emulator localstack     with a LocalStack container as the emulator
 *   npm run local -- --env                     what the AWS CLI needs, as shell commands
 *   npm run dev                                the same with rebuild and restart on change
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endKnown, isAlive, pidFile, startOf } from './local/children.mjs';
import { startDetached } from './local/detach.mjs';
import { deployTopology, SERVICES, startMiniStack, startService, workerUrls } from './local/embedded.mjs';
import { createCredentials, LOCALSTACK_CREDENTIALS, shellCommands } from './local/environment.mjs';
import { LocalError } from './local/fail.mjs';
import { startLocalStack, stopLocalStack } from './local/localstack.mjs';
import { createPatience } from './local/patience.mjs';
import { choosePort } from './local/ports.mjs';
import { build, checkNode, installDependencies, installEmulator } from './local/requirements.mjs';
import { runFolder } from './local/run-folder.mjs';
import { watchBuild } from './local/watch.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { runFile, startLog, logDir, logs, prefix } = runFolder(root, process.env);
const state = pidFile(runFile);
/** Longer than a service's own deadline for draining. */
const STOP_WITHIN_MS = 32_000;
const LOOK_EVERY_MS = 1_000;
/** Said when all runs, and not before. */
const LAST_WORDS = 'Ctrl-C drains and stops.';

/** @type {import('./local/children.mjs').Child[]} */
const children = [];
let stopping = false;
/** Whether there is a container to remove, running or not. */
let usesContainer = false;
let width = 0;

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * One line per step, with the time it took.
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} run returns what to add to the line
 * @returns {Promise<T>}
 */
async function step(what, run) {
  const startedAt = performance.now();
  const result = await run();
  const detail = typeof result === 'string' ? ` ${result}` : '';
  say(`  ${`${what}${detail}`.padEnd(52)} ${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s`);
  return result;
}

/** What an earlier run left: refuses to start beside a live one, ends the children of a dead one. */
async function removeStale() {
  const known = state.read();
  if (!known) return 'none';
  if (isAlive(known.parent)) {
    throw new LocalError(
      `Orderflow is running here already (process ${known.parent.pid}): ${known.urls['API'] ?? 'it is still starting'}`,
      `Stop it first: ${prefix}npm run local:stop   (or Ctrl-C where it runs)`,
    );
  }
  const stale = known.children.filter(isAlive);
  await Promise.all(stale.map((child) => endKnown(child, STOP_WITHIN_MS)));
  state.remove();
  return stale.length === 0 ? 'none' : `${stale.length} ended`;
}

/** @param {Record<string, string>} urls @param {import('./local/environment.mjs').Credentials} credentials */
function remember(urls, credentials) {
  const known = (/** @type {{ name: string, pid: number }} */ { name, pid }) => ({
    name,
    pid,
    startedAt: startOf(pid) ?? '',
  });
  state.write({ parent: known({ name: 'local', pid: process.pid }), children: children.map(known), urls, credentials });
}

/**
 * Ends everything, services first, so that they can still reach the emulator while they drain.
 * @param {number} exitCode
 */
async function stopAll(exitCode) {
  if (stopping) return;
  stopping = true;
  say('\nStopping: the services finish what they have begun.');
  const end = async (/** @type {import('./local/children.mjs').Child} */ child) => {
    child.kill('SIGTERM');
    const patience = createPatience(STOP_WITHIN_MS);
    const timer = setInterval(() => {
      if (patience.isOver()) child.kill('SIGKILL');
    }, LOOK_EVERY_MS);
    const code = await child.ended;
    clearInterval(timer);
    say(`  ${child.name.padEnd(20)} exit code ${code}`);
  };
  await Promise.all(children.filter(({ name }) => name !== 'emulator').map(end));
  await Promise.all(children.filter(({ name }) => name === 'emulator').map(end));
  if (usesContainer) stopLocalStack(root);
  state.remove();
  process.exit(exitCode);
}

/** @param {string} name @param {string} line */
function print(name, line) {
  say(`${name.padEnd(width)} | ${line}`);
}

/** @param {import('./local/children.mjs').Child} child */
function watchOver(child) {
  children.push(child);
  void child.ended.then((code) => {
    if (stopping || !children.includes(child)) return;
    const cause = code === 137 ? ' (SIGKILL: killed by hand, or by the system when memory ran out)' : '';
    const tail = child.tail();
    const lines = tail.length > 0 ? tail.map((line) => `  ${line}`).join('\n') : '  (it wrote nothing)';
    say(`\n${child.name} ended on its own with exit code ${code}${cause}. Its last lines:\n${lines}`);
    say(`\nWhat to do: read ${logs}${child.name}.log, mend the cause, and start again with ${prefix}npm run local.`);
    void stopAll(1);
  });
}

/** @param {{ emulator: string, watch: boolean }} options */
async function run({ emulator, watch }) {
  const startedAt = performance.now();
  let quiet = true;
  const place = {
    root,
    logDir,
    onLine: (/** @type {string} */ name, /** @type {string} */ line) => {
      if (!quiet) print(name, line);
    },
  };
  process.on('SIGINT', () => void stopAll(0));
  process.on('SIGTERM', () => void stopAll(0));

  say(`Starting Orderflow ${emulator === 'localstack' ? 'with a LocalStack container' : 'without Docker'}`);
  await step('Node.js', checkNode);
  await step('stale processes', removeStale);
  const credentials = emulator === 'localstack' ? LOCALSTACK_CREDENTIALS : createCredentials();
  // Made by an earlier version, or by hand, others could look into it.
  mkdirSync(`${root}.local`, { recursive: true });
  chmodSync(`${root}.local`, 0o700);
  remember({}, credentials);
  const ports = await step('ports', async () => ({
    emulator: await choosePort('LOCALSTACK_PORT', 4566),
    'api-gateway': await choosePort('API_PORT', 3000),
    'order-worker': await choosePort('ORDER_WORKER_PORT', 3010),
    'notification-worker': await choosePort('NOTIFICATION_WORKER_PORT', 3020),
  }));
  await step('dependencies', () => installDependencies(root));
  // A LocalStack container brings its own Python.
  const { python } =
    emulator === 'localstack' ? { python: '' } : await step('emulator installed', () => installEmulator(root));
  rmSync(logDir, { recursive: true, force: true });
  mkdirSync(logDir, { recursive: true });

  const emulatorUrl = `http://127.0.0.1:${ports.emulator}`;
  const building = build(root);
  building.catch(() => undefined);
  if (emulator === 'localstack') {
    await step('LocalStack, topology deployed', () => {
      usesContainer = true;
      startLocalStack(root, ports.emulator);
    });
  } else {
    await step('MiniStack', async () => {
      watchOver(await startMiniStack(place, { python, port: ports.emulator, credentials }));
    });
    await step('topology deployed', async () => {
      await deployTopology(root, { python, emulatorUrl, credentials });
    });
  }
  await step('services built', () => building);
  width = Math.max(...SERVICES.map(({ length }) => length));
  const env = workerUrls(SERVICES.map((service) => ({ service, port: ports[service] })));
  const start = async (/** @type {import('./local/embedded.mjs').Service} */ service) => {
    const { child, ready } = startService(place, service, { port: ports[service], emulatorUrl, credentials, env });
    watchOver(child);
    await ready;
  };
  await step('services healthy', async () => {
    await Promise.all(SERVICES.map(start));
  });

  const urls = {
    'Live page': `http://127.0.0.1:${ports['api-gateway']}/`,
    API: `http://127.0.0.1:${ports['api-gateway']}/api/orders`,
    'API documentation': `http://127.0.0.1:${ports['api-gateway']}/docs`,
    'order-worker': `http://127.0.0.1:${ports['order-worker']}/health`,
    'notification-worker': `http://127.0.0.1:${ports['notification-worker']}/health`,
    'AWS endpoint': emulatorUrl,
  };
  remember(urls, credentials);
  say(`\nReady after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s.`);
  for (const [name, url] of Object.entries(urls)) say(`  ${name.padEnd(20)} ${url}`);
  say(`  ${'AWS CLI'.padEnd(20)} eval "$(${prefix}npm run local --silent -- --env)"`);
  say(`\nTry it: npm run demo. Logs: here, and one file per service under ${logs}. ${LAST_WORDS}\n`);
  quiet = false;

  if (watch) {
    watchBuild(root, async (service) => {
      const child = children.find(({ name }) => name === service);
      if (!child || stopping) return;
      children.splice(children.indexOf(child), 1);
      print(service, '(changed: restarting)');
      child.kill('SIGTERM');
      await child.ended;
      await start(service);
      remember(urls, credentials);
      print(service, '(restarted)');
    });
  }
}

/** Starts this program again in the background. */
async function detach() {
  const args = process.argv.slice(2).filter((argument) => argument !== '--detach');
  const { said, exitCode } = await startDetached([fileURLToPath(import.meta.url), ...args], {
    cwd: root,
    log: startLog,
    isReady: (text) => text.includes(LAST_WORDS),
  });
  say(said.split('\nTry it:')[0] ?? '');
  // It has ended before it was ready, however it calls that.
  if (exitCode !== undefined) process.exit(exitCode || 1);
  say(`\nIn the background. Logs: ${logs}. Try it: npm run demo. Stop it: ${prefix}npm run local:stop`);
  process.exit(0);
}

/** For `eval`. */
function printEnvironment() {
  const known = state.read();
  const endpoint = known?.urls['AWS endpoint'];
  if (!known?.credentials || !endpoint || !isAlive(known.parent)) {
    throw new LocalError('Orderflow is not running here.', `Start it first: ${prefix}npm run local`);
  }
  say(shellCommands(process.env, endpoint, known.credentials));
}

async function stop() {
  const known = state.read();
  if (!known || (!isAlive(known.parent) && !known.children.some(isAlive))) {
    state.remove();
    say('Orderflow is not running here.');
    return;
  }
  await endKnown(known.parent, STOP_WITHIN_MS + 5_000);
  await Promise.all(known.children.map((child) => endKnown(child, STOP_WITHIN_MS)));
  state.remove();
  say('Stopped.');
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        detach: { type: 'boolean', default: false },
        stop: { type: 'boolean', default: false },
        env: { type: 'boolean', default: false },
        watch: { type: 'boolean', default: false },
        emulator: { type: 'string', default: 'ministack' },
      },
    });
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new LocalError(message, 'npm run local -- [--detach] [--watch] [--env] [--emulator ministack|localstack]');
  }
}

try {
  const { values } = readOptions();
  if (!['ministack', 'localstack'].includes(values.emulator)) {
    throw new LocalError(
      `There is no emulator ${values.emulator}.`,
      'Use --emulator ministack or --emulator localstack.',
    );
  }
  if (values.stop) await stop();
  else if (values.env) printEnvironment();
  else if (values.detach) await detach();
  else await run(values);
} catch (error) {
  if (stopping) await new Promise(() => undefined);
  const { message, fix } = /** @type {{ message: string, fix?: string }} */ (error);
  process.stderr.write(`\n${message}\n${fix ? `\nWhat to do: ${fix}\n` : ''}`);
  await Promise.all(
    children.map(async (child) => {
      stopping = true;
      child.kill('SIGTERM');
      await child.ended;
    }),
  );
  if (usesContainer) stopLocalStack(root);
  if (state.read()?.parent.pid === process.pid) state.remove();
  process.exit(1);
}
