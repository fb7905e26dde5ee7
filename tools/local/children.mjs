/** The child processes of a run, and their logs. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalError } from './fail.mjs';
import { isAlive, startOf } from './identity.mjs';
import { poll } from './patience.mjs';

/**
 * @typedef {import('./identity.mjs').Known} Known
 * @typedef {{ code: number, signal: NodeJS.Signals | null }} End the exit code; 137 and 1 stand for the ends that have none
 * @typedef {ReturnType<typeof startChild>} Child
 * @typedef {ReturnType<typeof createProcesses>} Processes
 */

const TAIL_LINES = 15;
/** Longer than a service's own deadline for draining. */
export const STOP_WITHIN_MS = 32_000;
const KILLED_WITHIN_MS = 5_000;

/**
 * Sends SIGTERM, and SIGKILL after the deadline.
 * @param {(signal: NodeJS.Signals) => void} kill @param {() => boolean} isGone @param {number} withinMs
 */
async function end(kill, isGone, withinMs) {
  kill('SIGTERM');
  // A suspended process would not receive SIGTERM.
  if (process.platform !== 'win32') kill('SIGCONT');
  if (await poll(isGone, withinMs)) return;
  kill('SIGKILL');
  await poll(isGone, KILLED_WITHIN_MS);
}

/**
 * Starts a process that survives its parent. It has a separate session, which Ctrl-C and a closed terminal do not
 * reach, and writes its own log file.
 * @param {{ name: string, command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv, logFile: string }} options
 */
export function startChild({ name, command, args, cwd, env, logFile }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const { size } = statSync(logFile);
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const pid = child.pid ?? -1;
  let failure = '';
  /** @type {Promise<number> | undefined} */
  let stopping;
  /** @type {Promise<End>} */
  const ending = new Promise((resolve) => {
    child.once('error', (error) => {
      failure = String(error);
      resolve({ code: 127, signal: null });
    });
    child.once('close', (code, signal) => {
      resolve({ code: code ?? (signal === 'SIGKILL' ? 137 : 1), signal });
    });
  });
  const ended = ending.then(({ code }) => code);
  let isGone = false;
  void ended.then(() => {
    isGone = true;
  });
  const kill = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  return {
    ...{ name, pid, startedAt: startOf(pid), kill, end: ending, ended },
    tail: () => {
      const text = readFileSync(logFile).subarray(size).toString();
      return `${text}\n${failure}`
        .split('\n')
        .filter((line) => line !== '')
        .slice(-TAIL_LINES);
    },
    /** Ends it, and returns its exit code. */
    stop: () => (stopping ??= end(kill, () => isGone, STOP_WITHIN_MS).then(() => ended)),
    isStopping: () => stopping !== undefined,
  };
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ESRCH') return;
    if (code !== 'EPERM') throw error;
    throw new LocalError(`Process ${pid} belongs to another user.`, 'Stop it as that user, for example with sudo.');
  }
}

/** Ends a process, unless its id may belong to another one. @param {Known} known @param {number} withinMs */
export async function endKnown(known, withinMs) {
  if (!isAlive(known)) return;
  await end(
    (signal) => send(known.pid, signal),
    () => !isAlive(known),
    withinMs,
  );
}

/**
 * The processes of one run.
 * @param {object} run @param {() => boolean} run.isStopping while it is true, a process that starts is ended at once
 * @param {() => void} run.onChange called after each start and each unexpected end
 * @param {(child: Child, code: number) => void} run.onOwnEnd called after each unexpected end
 */
export function createProcesses({ isStopping, onChange, onOwnEnd }) {
  /** @type {Set<Child>} */
  const running = new Set();
  return {
    /** @param {Child} child that has just been started */
    add(child) {
      running.add(child);
      if (isStopping()) void child.stop();
      else onChange();
      void child.ended.then((code) => {
        running.delete(child);
        if (isStopping() || child.isStopping()) return;
        onChange();
        onOwnEnd(child, code);
      });
    },
    /** @param {string} name */
    find: (name) => [...running].find((child) => child.name === name),
    /**
     * Ends those with these names.
     * @param {(name: string) => boolean} isMeant @param {(name: string, code: number) => void} [onEnd]
     */
    async endAll(isMeant, onEnd) {
      const meant = [...running].filter(({ name }) => isMeant(name));
      await Promise.all(meant.map(async (child) => onEnd?.(child.name, await child.stop())));
    },
    /** The living processes, for run.json. */
    known: () =>
      [...running].flatMap(({ name, pid, startedAt }) => (startedAt === undefined ? [] : [{ name, pid, startedAt }])),
  };
}
