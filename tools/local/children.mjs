/** Child processes, their logs, and the file that records them in case their parent dies. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalError } from './fail.mjs';
import { isAlive, mayBeAlive } from './identity.mjs';
import { poll } from './patience.mjs';

/**
 * @typedef {import('./identity.mjs').Known} Known
 * @typedef {{ parent: Known, children: Known[], usesContainer?: boolean, urls: Record<string, string>, credentials?: Credentials | undefined }} Run
 * @typedef {import('./environment.mjs').Credentials} Credentials
 * @typedef {{ code: number, signal: NodeJS.Signals | null }} End the exit code; 137 and 1 stand for the ends that have none
 * @typedef {{
 *   name: string, pid: number, tail: () => string[], end: Promise<End>, ended: Promise<number>,
 *   kill: (signal: NodeJS.Signals) => void,
 * }} Child
 */

const TAIL_LINES = 15;

/**
 * Starts a process that survives its parent. It has a separate session, which Ctrl-C and a closed terminal do not
 * reach, and writes its own log file.
 * @param {{ name: string, command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv, logFile: string }} options
 * @returns {Child}
 */
export function startChild({ name, command, args, cwd, env, logFile }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const { size } = statSync(logFile);
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  /** @type {string[]} */
  const failure = [];
  /** @type {Promise<End>} */
  const end = new Promise((resolve) => {
    child.once('error', (error) => {
      failure.push(String(error));
      resolve({ code: 127, signal: null });
    });
    child.once('close', (code, signal) => {
      resolve({ code: code ?? (signal === 'SIGKILL' ? 137 : 1), signal });
    });
  });
  return {
    name,
    pid: child.pid ?? -1,
    tail: () => {
      const lines = readFileSync(logFile)
        .subarray(size)
        .toString()
        .split('\n')
        .filter((line) => line !== '');
      return [...lines, ...failure].slice(-TAIL_LINES);
    },
    end,
    ended: end.then(({ code }) => code),
    kill: (signal) => void child.kill(signal),
  };
}

const KILLED_WITHIN_MS = 5_000;

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

/**
 * Sends SIGTERM, and SIGKILL after the deadline.
 * @param {(signal: NodeJS.Signals) => void} kill @param {() => boolean} isGone @param {number} withinMs
 */
export async function end(kill, isGone, withinMs) {
  kill('SIGTERM');
  // A suspended process would not receive SIGTERM.
  if (process.platform !== 'win32') kill('SIGCONT');
  if (await poll(isGone, withinMs)) return;
  kill('SIGKILL');
  await poll(isGone, KILLED_WITHIN_MS);
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

/** @param {any} known */
const isKnown = (known) =>
  Number.isSafeInteger(known?.pid) && typeof known.name === 'string' && typeof known.startedAt === 'string';

/** The run file: the launcher, its children, and the emulator's credentials. @param {string} file */
export function pidFile(file) {
  /** @returns {Run | undefined} */
  function readStrictly() {
    let text = '';
    try {
      text = readFileSync(file, 'utf8');
      if (text.trim() === '') return undefined;
      const run = JSON.parse(text);
      if (typeof run.urls === 'object' && [run.parent, ...run.children].every(isKnown)) return run;
    } catch (error) {
      const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === 'ENOENT') return undefined;
      if (code !== undefined)
        throw new LocalError(`${file} cannot be read: ${message}`, 'Run this as the user who owns it.');
    }
    const pids = [...text.matchAll(/"pid":\s*(\d+)/g)].map(([, pid]) => pid);
    throw new LocalError(
      `${file} is damaged, so what has been started here is not known${pids.length > 0 ? `; it names the processes ${pids.join(', ')}` : ''}.`,
      `End what still runs of it, then delete it: rm ${file}`,
    );
  }
  return {
    file,
    readStrictly,
    /** Undefined if it cannot be read. */
    read() {
      try {
        return readStrictly();
      } catch {
        return undefined;
      }
    },
    /** Written atomically, readable by its owner only. @param {Run} content */
    write(content) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const whole = `${file}.${process.pid}`;
      rmSync(whole, { force: true });
      try {
        writeFileSync(whole, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
        renameSync(whole, file);
      } catch (error) {
        rmSync(whole, { force: true });
        throw error;
      }
    },
    /** Keeps the file while it is needed to stop a process. @returns {Known[]} those that are, or may be, alive */
    removeUnlessAlive() {
      const known = readStrictly();
      const left = known
        ? [known.parent, ...known.children].filter(({ pid }) => pid !== process.pid).filter(mayBeAlive)
        : [];
      if (left.length === 0) rmSync(file, { force: true });
      return left;
    },
  };
}
