/** `npm run local`: starts the system, watches its processes, and ends them however it ends itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createProcesses } from './children.mjs';
import { stopLocalStack } from './docker.mjs';
import { SERVICE_NAMES } from './embedded.mjs';
import { createCredentials, LOCALSTACK_CREDENTIALS } from './environment.mjs';
import { printProblem } from './fail.mjs';
import { followFile } from './follow.mjs';
import { PROVIDER, whoCanSignIn } from './identity-provider.mjs';
import { startOf } from './identity.mjs';
import { pidFile } from './local-run.mjs';
import { startSystem } from './start.mjs';
import { say } from './steps.mjs';
import { COMPILER, restartOnChange } from './watch.mjs';

/** @typedef {import('./children.mjs').Child} Child */

/** Ctrl-C also reaches a step's program, whose end may arrive first. */
const SIGNAL_WITHIN_MS = 100;

/** The reader is gone. Other errors, such as a full disk, only lose lines. */
const NOBODY_READS = ['EPIPE', 'EIO', 'ECONNRESET'];

const WIDTH = Math.max(...[...SERVICE_NAMES, COMPILER].map(({ length }) => length));

/** @param {string} name @param {string} line */
function print(name, line) {
  say(`${name.padEnd(WIDTH)} | ${line}`);
}

/**
 * Starts everything, and runs until a signal, the end of the output's reader, or the end of a child.
 * @param {import('./local-run.mjs').RunFolder} folder
 * @param {{ emulator: string, watch: boolean, auth: boolean }} options
 */
export async function runSystem(folder, options) {
  const { runFile, logDir, logs, prefix } = folder;
  const { emulator, watch, auth } = options;
  const state = pidFile(runFile);
  const startedAt = performance.now();
  const stopped = new AbortController();
  const { signal } = stopped;
  /** @type {(() => void)[]} */
  const followers = [];
  const me = { name: 'local', pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  const credentials = emulator === 'localstack' ? LOCALSTACK_CREDENTIALS : createCredentials();
  /** Of the run file: whether a container must be removed, and the URLs of a system that is ready. */
  const facts = { usesContainer: false, urls: {} };
  /** Whether the run file is ours. */
  let isClaimed = false;
  /** @type {Promise<unknown>} */
  let starting = Promise.resolve();

  const processes = createProcesses({ isStopping: () => signal.aborted, onChange: remember, onOwnEnd });

  /** @param {import('./start.mjs').Facts} [change] */
  function remember(change) {
    Object.assign(facts, change);
    state.write({ parent: me, children: processes.known(), ...facts, credentials });
    isClaimed = true;
  }

  /** Ends the services first, because they need the emulator while they drain. @param {number} exitCode */
  async function stopAll(exitCode) {
    if (signal.aborted) return;
    stopped.abort();
    if (processes.known().length > 0 || facts.usesContainer) {
      say('\nStopping: the services finish the work in progress.');
    }
    const sayEnd = (/** @type {string} */ name, /** @type {number} */ code) =>
      say(`  ${name.padEnd(20)} exit code ${code}`);
    try {
      await processes.endAll((name) => name !== 'emulator', sayEnd);
      await processes.endAll((name) => name === 'emulator', sayEnd);
      // A running step may have started another process, which was told to end at once.
      await starting.catch(() => undefined);
      await processes.endAll(() => true);
      for (const stopFollowing of followers) stopFollowing();
      if (facts.usesContainer) await stopLocalStack(folder);
      if (isClaimed) state.removeUnlessAlive();
    } finally {
      process.exit(exitCode);
    }
  }

  /** @param {unknown} error */
  async function fail(error) {
    await sleep(SIGNAL_WITHIN_MS);
    if (signal.aborted) return;
    printProblem(error);
    await stopAll(1);
  }

  /** @param {Child} child @param {number} code */
  function onOwnEnd(child, code) {
    const cause = code === 137 ? ' (SIGKILL: killed by hand, or by the system when memory ran out)' : '';
    const tail = child.tail();
    const lines = tail.length > 0 ? tail.map((line) => `  ${line}`).join('\n') : '  (it wrote nothing)';
    say(`\n${child.name} ended on its own with exit code ${code}${cause}. Its last lines:\n${lines}`);
    if (watch && !['emulator', PROVIDER].includes(child.name)) {
      const next =
        child.name === COMPILER ? `Start it again with ${prefix}npm run dev` : 'It starts again after the next change';
      say(`\n${next}. Everything else keeps running.\n`);
      return;
    }
    say(`\nWhat to do: read ${logs}${child.name}.log, fix the cause, and start again with ${prefix}npm run local.`);
    void stopAll(1);
  }

  async function start() {
    const run = { signal, processes, credentials, remember };
    const { place, tryToStart, urls } = await startSystem(folder, options, run);
    say(`\nReady after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s.`);
    for (const [name, url] of Object.entries(urls)) say(`  ${name.padEnd(20)} ${url}`);
    say(`  ${'AWS CLI'.padEnd(20)} eval "$(${prefix}npm run local --silent -- --env)"`);
    if (auth) say(`  ${'Sign in as'.padEnd(20)} ${whoCanSignIn()}; there are no passwords`);
    say(
      `\nTry it: ${prefix}npm run demo. Logs: here, and one file per service under ${logs}. Ctrl-C drains and stops.\n`,
    );
    // The waiting parent of a start in the background. It may have ended.
    process.send?.('ready', () => {
      if (process.connected) process.disconnect();
    });
    for (const name of [...SERVICE_NAMES, 'emulator', ...(auth ? [PROVIDER] : [])]) {
      followers.push(followFile(`${logDir}${name}.log`, (line) => print(name, line)));
    }
    if (!watch) return;
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
