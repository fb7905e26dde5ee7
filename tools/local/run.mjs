/** `npm run local` itself: starts the system, watches over its processes, and ends them whatever ends it. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { endKnown, pidFile } from './children.mjs';
import { sayReady } from './detach.mjs';
import { deployTopology, SERVICES, startMiniStack, startService, workerUrls } from './embedded.mjs';
import { createCredentials, LOCALSTACK_CREDENTIALS } from './environment.mjs';
import { LocalError } from './fail.mjs';
import { followFile } from './follow.mjs';
import { doubtAboutIds, isAlive, startOf } from './identity.mjs';
import { checkDocker, startLocalStack, stopLocalStack } from './localstack.mjs';
import { createPatience } from './patience.mjs';
import { choosePort } from './ports.mjs';
import { build, checkNode, installDependencies, installEmulator } from './requirements.mjs';
import { COMPILER, startCompiler, watchBuild } from './watch.mjs';
import { withLock } from './lock.mjs';

/**
 * @typedef {import('./children.mjs').Child} Child
 * @typedef {import('./embedded.mjs').Service} Service
 * @typedef {import('./identity.mjs').Known} Known
 */

/** Longer than a service's own deadline for draining. */
export const STOP_WITHIN_MS = 32_000;
const LOOK_EVERY_MS = 1_000;
/** A step that takes longer says so. */
const SILENT_MS = 10_000;
/** A Ctrl-C reaches whatever a step runs, too, whose end may be noticed before it. */
const SIGNAL_WITHIN_MS = 100;

/** A reader that is away for good. Other errors, such as a full disk, may pass: lines are lost, and no process. */
const NOBODY_READS = ['EPIPE', 'EIO', 'ECONNRESET'];

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Processes of which nobody knows whether they are those that were started here.
 * @param {Known[]} left
 * @param {string} runFile
 */
export function cannotBeTold(left, runFile) {
  const pids = left.map(({ pid }) => pid).join(' ');
  const names = left.map(({ name, pid }) => `${pid} (${name})`).join(', ');
  return new LocalError(
    `Still there are the processes ${names}; whether Orderflow has started them cannot be told, or they do not end.`,
    `See what they are: ps -p ${pids.replaceAll(' ', ',')}   End those that are Orderflow's: kill ${pids}   Then: rm ${runFile}`,
  );
}

/**
 * Starts everything, and stays until it is stopped by a signal, by the end of who reads the output, or by that of a child.
 * @param {string} root
 * @param {import('./run-folder.mjs').RunFolder} folder
 * @param {{ emulator: string, watch: boolean }} options
 */
export async function runSystem(root, { runFile, logDir, logs, prefix, project }, { emulator, watch }) {
  const state = pidFile(runFile);
  const container = { root, project, say };
  const startedAt = performance.now();
  /** @type {Child[]} those that are meant to run */
  const children = [];
  /** @type {Map<Child, Promise<void>>} those that have been told to end */
  const ending = new Map();
  const stopped = new AbortController();
  const { signal } = stopped;
  /** @type {(() => void)[]} */
  const followers = [];
  const width = Math.max(...[...SERVICES, COMPILER].map(({ length }) => length));
  const me = { name: 'local', pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  const credentials = emulator === 'localstack' ? LOCALSTACK_CREDENTIALS : createCredentials();
  /** Whether there is a container to remove, running or not. */
  let usesContainer = false;
  /** @type {Record<string, string>} where everything is, once all of it is there */
  let urls = {};
  /** Whether run.json is ours. */
  let isClaimed = false;
  /** @type {Promise<unknown>} */
  let starting = Promise.resolve();

  function remember() {
    const known = children
      .filter(({ pid }) => pid > 0)
      .map(({ name, pid }) => ({ name, pid, startedAt: startOf(pid) }));
    const alive = known.flatMap((child) =>
      child.startedAt === undefined ? [] : [{ ...child, startedAt: child.startedAt }],
    );
    state.write({ parent: me, children: alive, usesContainer, urls, credentials });
  }

  /**
   * One line per step, with the time it took. No step begins, or counts, once everything stops.
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

  /** What an earlier run left: refuses to start beside a live one, ends the children of a dead one. */
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

  /**
   * With SIGTERM, and with SIGKILL when that has not helped in time.
   * @param {Child} child
   */
  function end(child) {
    const begun = ending.get(child);
    if (begun) return begun;
    const ended = (async () => {
      child.kill('SIGTERM');
      // A suspended one would not hear the other signal.
      if (process.platform !== 'win32') child.kill('SIGCONT');
      const patience = createPatience(STOP_WITHIN_MS);
      const timer = setInterval(() => {
        if (patience.isOver()) child.kill('SIGKILL');
      }, LOOK_EVERY_MS);
      await child.ended;
      clearInterval(timer);
    })();
    ending.set(child, ended);
    return ended;
  }

  /**
   * Ends everything, services first, so that they can still reach the emulator while they drain.
   * @param {number} exitCode
   */
  async function stopAll(exitCode) {
    if (signal.aborted) return;
    stopped.abort();
    if (children.length > 0 || usesContainer) say('\nStopping: the services finish what they have begun.');
    const endAndSay = async (/** @type {Child} */ child) => {
      await end(child);
      say(`  ${child.name.padEnd(20)} exit code ${await child.ended}`);
    };
    try {
      await Promise.all(children.filter(({ name }) => name !== 'emulator').map(endAndSay));
      await Promise.all(children.filter(({ name }) => name === 'emulator').map(endAndSay));
      // A step that was under way may have started another one, which was told to end at once.
      await starting.catch(() => undefined);
      await Promise.all(ending.values());
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
    process.stderr.write(`\n${text}\n${fix ? `\nWhat to do: ${fix}\n` : ''}`);
    await stopAll(1);
  }

  /** @param {string} name @param {string} line */
  function print(name, line) {
    say(`${name.padEnd(width)} | ${line}`);
  }

  /** @param {Child} child */
  function onStart(child) {
    children.push(child);
    if (signal.aborted) void end(child);
    else remember();
    void child.ended.then((code) => {
      if (signal.aborted || ending.has(child)) return;
      children.splice(children.indexOf(child), 1);
      const cause = code === 137 ? ' (SIGKILL: killed by hand, or by the system when memory ran out)' : '';
      const tail = child.tail();
      const lines = tail.length > 0 ? tail.map((line) => `  ${line}`).join('\n') : '  (it wrote nothing)';
      say(`\n${child.name} ended on its own with exit code ${code}${cause}. Its last lines:\n${lines}`);
      if (watch && child.name !== 'emulator') {
        const next =
          child.name === COMPILER
            ? `Start it again with ${prefix}npm run dev`
            : 'It starts again after the next change';
        say(`\n${next}; the rest goes on.\n`);
        remember();
        return;
      }
      say(`\nWhat to do: read ${logs}${child.name}.log, mend the cause, and start again with ${prefix}npm run local.`);
      void stopAll(1);
    });
  }

  /** @param {string} name */
  function follow(name) {
    followers.push(followFile(`${logDir}${name}.log`, (line) => print(name, line)));
  }

  async function start() {
    say(`Starting Orderflow ${emulator === 'localstack' ? 'with a LocalStack container' : 'without Docker'}`);
    await step('Node.js', checkNode);
    if (emulator === 'localstack') await step('Docker', checkDocker);
    // Made by an earlier version, or by hand, others could look into it.
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
    const ports = await step('ports', async () => ({
      emulator: await choosePort('LOCALSTACK_PORT', 4566),
      'api-gateway': await choosePort('API_PORT', 3000),
      'order-worker': await choosePort('ORDER_WORKER_PORT', 3010),
      'notification-worker': await choosePort('NOTIFICATION_WORKER_PORT', 3020),
    }));
    await step('dependencies', () => installDependencies(root, { signal }));
    // A LocalStack container brings its own Python.
    const { python } =
      emulator === 'localstack'
        ? { python: '' }
        : await step('emulator installed', () => installEmulator(root, { signal }));
    rmSync(logDir, { recursive: true, force: true });
    mkdirSync(logDir, { recursive: true });

    const place = { root, logDir, onStart };
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
    /** One that does not start waits for the next change. @param {Service} service */
    const tryToStart = async (service) => {
      try {
        return await startOne(service);
      } catch (error) {
        const { message } = /** @type {Error} */ (error);
        // If it has ended by itself, that is told already, with its last lines.
        const isThere = children.some((child) => child.name === service && !ending.has(child));
        if (!signal.aborted && isThere) say(`\n${message}\n`);
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
      'order-worker': `http://127.0.0.1:${ports['order-worker']}/health`,
      'notification-worker': `http://127.0.0.1:${ports['notification-worker']}/health`,
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
    if (watch) watchForChanges(place, tryToStart);
  }

  /**
   * @param {import('./embedded.mjs').Place} place
   * @param {(service: Service) => Promise<boolean>} tryToStart
   */
  function watchForChanges(place, tryToStart) {
    /** @type {Map<Service, { count: number, done: Promise<void> }>} */
    const turns = new Map();
    const findChild = (/** @type {Service} */ service) => children.find(({ name }) => name === service);
    /** The newest change counts: it ends the process of an earlier one, ready or not. @param {Service} service */
    const restart = (service) => {
      const { count, done } = turns.get(service) ?? { count: 0, done: Promise.resolve() };
      const isNewest = () => turns.get(service)?.count === count + 1;
      const turn = async () => {
        const old = findChild(service);
        if (old) {
          await end(old);
          children.splice(children.indexOf(old), 1);
        }
        if (signal.aborted || !isNewest()) return;
        if (await tryToStart(service)) print(service, '(restarted)');
      };
      print(service, '(changed: restarting)');
      const child = findChild(service);
      if (child) void end(child);
      const over = done.then(turn).finally(() => {
        if (isNewest()) turns.delete(service);
      });
      turns.set(service, { count: count + 1, done: over });
    };
    const isDown = (/** @type {Service} */ service) => !turns.has(service) && !findChild(service);
    const watching = watchBuild(root, { isDown, restart });
    const compiler = startCompiler(place);
    followers.push(
      watching.stop,
      followFile(`${logDir}${COMPILER}.log`, (line) => {
        print(COMPILER, line);
        watching.onCompilerLine(line);
      }),
    );
    void compiler.ended.then(watching.onCompilerEnd);
  }

  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => void stopAll(0));
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code = '' }) => {
      if (NOBODY_READS.includes(code)) void stopAll(0);
    });
  }
  // Whatever is wrong here, the processes must not stay behind.
  process.on('uncaughtException', (error) => void fail(error));
  starting = start();
  await starting.catch(fail);
}
