/** `npm run local`: starts the system, watches its processes, and ends them however it ends itself. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICES as LISTED } from '../../contracts/src/topology.js';
import { cannotBeTold, endKnown, pidFile } from './children.mjs';
import { sayReady } from './detach.mjs';
import { deployTopology, SERVICES, startMiniStack, startService, workerUrls } from './embedded.mjs';
import { createCredentials, LOCALSTACK_CREDENTIALS } from './environment.mjs';
import { LocalError, printProblem } from './fail.mjs';
import { followFile } from './follow.mjs';
import { doubtAboutIds, isAlive, startOf } from './identity.mjs';
import { checkDocker, startLocalStack, stopLocalStack } from './localstack.mjs';
import { withLock } from './lock.mjs';
import { choosePort } from './ports.mjs';
import { createProcesses, STOP_WITHIN_MS } from './processes.mjs';
import { build, checkNode, installDependencies, installEmulator } from './requirements.mjs';
import { makeRunFolder } from './run-folder.mjs';
import { COMPILER, restartOnChange } from './watch.mjs';

/**
 * @typedef {import('./children.mjs').Child} Child
 * @typedef {import('./embedded.mjs').Service} Service
 * @typedef {import('./identity.mjs').Known} Known
 */

/** A longer step prints its progress. */
const SILENT_MS = 10_000;
/** Ctrl-C also reaches a step's program, whose end may arrive first. */
const SIGNAL_WITHIN_MS = 100;

/** The reader is gone. Other errors, such as a full disk, only lose lines. */
const NOBODY_READS = ['EPIPE', 'EIO', 'ECONNRESET'];

const WORKERS = SERVICES.filter((service) => service !== 'api-gateway');

/** One port after the other, because a free one is not reserved. */
async function choosePorts() {
  const ports = /** @type {Record<Service | 'emulator', number>} */ ({
    emulator: await choosePort('LOCALSTACK_PORT', 4566),
  });
  for (const service of SERVICES) {
    const { portVariable, port } = LISTED[service];
    ports[service] = await choosePort(portVariable, port);
  }
  return ports;
}

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Starts everything, and runs until a signal, the end of the output's reader, or the end of a child.
 * @param {string} root
 * @param {import('./run-folder.mjs').RunFolder} folder
 * @param {{ emulator: string, watch: boolean }} options
 */
export async function runSystem(root, { runFile, logDir, logs, prefix, project }, { emulator, watch }) {
  const state = pidFile(runFile);
  const container = { root, project, say };
  const startedAt = performance.now();
  const stopped = new AbortController();
  const { signal } = stopped;
  /** @type {(() => void)[]} */
  const followers = [];
  const width = Math.max(...[...SERVICES, COMPILER].map(({ length }) => length));
  const me = { name: 'local', pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  const credentials = emulator === 'localstack' ? LOCALSTACK_CREDENTIALS : createCredentials();
  /** Whether a container must be removed. */
  let usesContainer = false;
  /** @type {Record<string, string>} where everything is, once all of it is there */
  let urls = {};
  /** Whether run.json is ours. */
  let isClaimed = false;
  /** @type {Promise<unknown>} */
  let starting = Promise.resolve();

  const processes = createProcesses({ isStopping: () => signal.aborted, onChange: remember, onOwnEnd });

  function remember() {
    state.write({ parent: me, children: processes.known(), usesContainer, urls, credentials });
  }

  /**
   * Prints one line per step with its duration. No step starts or completes during a stop.
   * @template T
   * @param {string} what
   * @param {() => T | Promise<T>} run returns what to add to the line
   * @returns {Promise<T>}
   */
  async function step(what, run) {
    signal.throwIfAborted();
    const begunAt = performance.now();
    const seconds = () => (performance.now() - begunAt) / 1_000;
    const slow = setInterval(() => say(`  ${what}: ${seconds().toFixed(0)} s so far`), SILENT_MS);
    try {
      const result = await run();
      signal.throwIfAborted();
      const detail = typeof result === 'string' ? ` ${result}` : '';
      say(`  ${`${what}${detail}`.padEnd(52)} ${seconds().toFixed(1).padStart(5)} s`);
      return result;
    } finally {
      clearInterval(slow);
    }
  }

  /** Refuses to start beside a running system, and ends the children of a dead launcher. */
  async function removeStale() {
    const known = state.readStrictly();
    if (!known) return 'none';
    if (isAlive(known.parent)) {
      throw new LocalError(
        `Orderflow is running here already (process ${known.parent.pid}): ${known.urls['API'] ?? 'it is still starting'}`,
        `Stop it first: ${prefix}npm run local:stop   (or Ctrl-C where it runs)`,
      );
    }
    const stale = known.children.filter(isAlive);
    await Promise.all(stale.map((child) => endKnown(child, STOP_WITHIN_MS)));
    if (known.usesContainer) await stopLocalStack(container);
    const left = state.removeUnlessAlive();
    if (left.length > 0) throw cannotBeTold(left, runFile);
    return stale.length === 0 ? 'none' : `${stale.length} ended`;
  }

  /** Ends the services first, because they need the emulator while they drain. @param {number} exitCode */
  async function stopAll(exitCode) {
    if (signal.aborted) return;
    stopped.abort();
    if (processes.known().length > 0 || usesContainer) say('\nStopping: the services finish what they have begun.');
    const sayEnd = (/** @type {string} */ name, /** @type {number} */ code) => {
      say(`  ${name.padEnd(20)} exit code ${code}`);
    };
    try {
      await processes.endAll((name) => name !== 'emulator', sayEnd);
      await processes.endAll((name) => name === 'emulator', sayEnd);
      // A running step may have started another process, which was told to end at once.
      await starting.catch(() => undefined);
      await processes.settled();
      for (const stopFollowing of followers) stopFollowing();
      if (usesContainer) await stopLocalStack(container);
      if (isClaimed) state.removeUnlessAlive();
    } finally {
      process.exit(exitCode);
    }
  }

  /** @param {unknown} error */
  async function fail(error) {
    await sleep(SIGNAL_WITHIN_MS);
    if (signal.aborted) return;
    const { message, fix, stack } = /** @type {{ message: string, fix?: string, stack?: string }} */ (error);
    const text = error instanceof LocalError || 'code' in Object(error) ? message : (stack ?? message);
    printProblem(text, fix);
    await stopAll(1);
  }

  /** @param {string} name @param {string} line */
  function print(name, line) {
    say(`${name.padEnd(width)} | ${line}`);
  }

  /** @param {Child} child @param {number} code */
  function onOwnEnd(child, code) {
    const cause = code === 137 ? ' (SIGKILL: killed by hand, or by the system when memory ran out)' : '';
    const tail = child.tail();
    const lines = tail.length > 0 ? tail.map((line) => `  ${line}`).join('\n') : '  (it wrote nothing)';
    say(`\n${child.name} ended on its own with exit code ${code}${cause}. Its last lines:\n${lines}`);
    if (watch && child.name !== 'emulator') {
      const next =
        child.name === COMPILER ? `Start it again with ${prefix}npm run dev` : 'It starts again after the next change';
      say(`\n${next}; the rest goes on.\n`);
      return;
    }
    say(`\nWhat to do: read ${logs}${child.name}.log, fix the cause, and start again with ${prefix}npm run local.`);
    void stopAll(1);
  }

  /** @param {string} name */
  function follow(name) {
    followers.push(followFile(`${logDir}${name}.log`, (line) => print(name, line)));
  }

  async function start() {
    say(`Starting Orderflow ${emulator === 'localstack' ? 'with a LocalStack container' : 'without Docker'}`);
    await step('Node.js', checkNode);
    if (emulator === 'localstack') await step('Docker', checkDocker);
    makeRunFolder(dirname(runFile));
    // An existing folder may be readable by others.
    mkdirSync(`${root}.local`, { recursive: true });
    chmodSync(`${root}.local`, 0o700);
    await step('stale processes', () =>
      withLock(
        `${runFile}.lock`,
        async () => {
          const stale = await removeStale();
          signal.throwIfAborted();
          remember();
          isClaimed = true;
          return stale;
        },
        { signal },
      ),
    );
    const doubt = doubtAboutIds();
    if (doubt) say(`  ${doubt}`);
    const ports = await step('ports', choosePorts);
    await step('dependencies', () => installDependencies(root, { signal }));
    // LocalStack's container has its own Python.
    const { python } =
      emulator === 'localstack'
        ? { python: '' }
        : await step('emulator installed', () => installEmulator(root, { signal }));
    rmSync(logDir, { recursive: true, force: true });
    mkdirSync(logDir, { recursive: true });

    const place = { root, logDir, onStart: processes.add };
    const emulatorUrl = `http://127.0.0.1:${ports.emulator}`;
    const building = build(root, undefined, { signal });
    building.catch(() => undefined);
    if (emulator === 'localstack') {
      await step('LocalStack, topology deployed', async () => {
        usesContainer = true;
        remember();
        await startLocalStack(container, ports.emulator, { signal });
      });
    } else {
      await step('MiniStack', async () => {
        await startMiniStack(place, { python, port: ports.emulator, credentials });
      });
      await step('topology deployed', async () => {
        await deployTopology(root, { python, emulatorUrl, credentials, signal });
      });
    }
    await step('services built', async () => {
      try {
        await building;
      } catch (error) {
        if (!watch || !(error instanceof LocalError)) throw error;
        say(`\n${error.message}\n`);
      }
    });
    const env = workerUrls(SERVICES.map((service) => ({ service, port: ports[service] })));
    const startOne = async (/** @type {Service} */ service) => {
      const { ready } = startService(place, service, { port: ports[service], emulatorUrl, credentials, env });
      await ready;
      return true;
    };
    /** A service that fails to start waits for the next change. @param {Service} service */
    const tryToStart = async (service) => {
      try {
        return await startOne(service);
      } catch (error) {
        const { message } = /** @type {Error} */ (error);
        // If it ended, its last lines were already printed.
        if (!signal.aborted && processes.runs(service)) say(`\n${message}\n`);
        return false;
      }
    };
    await step('services healthy', async () => {
      await Promise.all(SERVICES.map(watch ? tryToStart : startOne));
    });

    urls = {
      'Live page': `http://127.0.0.1:${ports['api-gateway']}/`,
      API: `http://127.0.0.1:${ports['api-gateway']}/api/orders`,
      'API documentation': `http://127.0.0.1:${ports['api-gateway']}/docs`,
      ...Object.fromEntries(WORKERS.map((worker) => [worker, `http://127.0.0.1:${ports[worker]}/health`])),
      'AWS endpoint': emulatorUrl,
    };
    remember();
    say(`\nReady after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s.`);
    for (const [name, url] of Object.entries(urls)) say(`  ${name.padEnd(20)} ${url}`);
    say(`  ${'AWS CLI'.padEnd(20)} eval "$(${prefix}npm run local --silent -- --env)"`);
    say(
      `\nTry it: ${prefix}npm run demo. Logs: here, and one file per service under ${logs}. Ctrl-C drains and stops.\n`,
    );
    sayReady();
    for (const name of [...SERVICES, 'emulator']) follow(name);
    if (watch)
      followers.push(restartOnChange(place, { processes, tryToStart, print, isStopping: () => signal.aborted }));
  }

  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => void stopAll(0));
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code = '' }) => {
      if (NOBODY_READS.includes(code)) void stopAll(0);
    });
  }
  // Even after an internal error, no process must stay behind.
  process.on('uncaughtException', (error) => void fail(error));
  starting = start();
  await starting.catch(fail);
}
