/** Child processes: their logs, their ends, and the file that remembers them when their parent dies. */
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPatience } from './patience.mjs';

/**
 * @typedef {{ name: string, pid: number, startedAt: string }} Known a process, told apart from a later one of the same id
 * @typedef {{ parent: Known, children: Known[], urls: Record<string, string>, credentials?: Credentials | undefined }} Run
 * @typedef {import('./environment.mjs').Credentials} Credentials
 * @typedef {{ code: number, signal: NodeJS.Signals | null }} End the exit code; 137 and 1 stand for the ends that have none
 * @typedef {{
 *   name: string, pid: number, tail: () => string[], end: Promise<End>, ended: Promise<number>,
 *   kill: (signal: NodeJS.Signals) => void,
 * }} Child
 */

const TAIL_LINES = 15;

/**
 * When a process started, as the system has it; undefined when there is no such process.
 * @param {number} pid
 */
export function startOf(pid) {
  try {
    const [state = '', ...start] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state.startsWith('Z') || state === '' ? undefined : start.join(' ');
  } catch {
    return undefined;
  }
}

/** @param {Known} known */
export function isAlive({ pid, startedAt }) {
  return startOf(pid) === startedAt;
}

/**
 * Hands each line of the child's on, and writes it to the file.
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} logFile
 * @param {(line: string) => void} onLine
 * @returns {() => Promise<void>} resolves when everything is written
 */
function followLines({ stdout, stderr }, logFile, onLine) {
  const log = createWriteStream(logFile, { flags: 'a' });
  for (const stream of [stdout, stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      onLine(line);
    });
  }
  return () => new Promise((resolve) => log.end(resolve));
}

/**
 * Starts a process of its own group, so that a Ctrl-C in the terminal reaches only its parent, which drains it. Without
 * `onLine` it writes to its log file itself: nobody waits for the parent to read.
 * @param {{ name: string, command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv, logFile: string, onLine?: (line: string) => void }} options
 * @returns {Child}
 */
export function startChild({ name, command, args, cwd, env, logFile, onLine }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const { size } = statSync(logFile);
  const output = onLine ? 'pipe' : log;
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', output, output] });
  closeSync(log);
  const written = onLine ? followLines(child, logFile, onLine) : () => Promise.resolve();
  /** @type {string[]} */
  const failure = [];
  /** @type {Promise<End>} */
  const end = new Promise((resolve) => {
    child.once('error', (error) => {
      failure.push(String(error));
      resolve({ code: 127, signal: null });
    });
    child.once('close', (code, signal) => {
      void written().then(() => {
        resolve({ code: code ?? (signal === 'SIGKILL' ? 137 : 1), signal });
      });
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
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

/**
 * Ends a process with SIGTERM, and with SIGKILL when it has not gone by then.
 * @param {Known} known
 * @param {number} withinMs
 */
export async function endKnown(known, withinMs) {
  if (!isAlive(known)) return;
  process.kill(known.pid, 'SIGTERM');
  const patience = createPatience(withinMs);
  while (isAlive(known)) {
    if (patience.isOver()) {
      process.kill(known.pid, 'SIGKILL');
      return;
    }
    await sleep(100);
  }
}

/**
 * The pid file: who runs here, what it has started, and what its emulator takes.
 * @param {string} file
 */
export function pidFile(file) {
  return {
    /** @returns {Run | undefined} */
    read() {
      if (!existsSync(file)) return undefined;
      try {
        return JSON.parse(readFileSync(file, 'utf8'));
      } catch {
        return undefined;
      }
    },
    /** Other users must not read it, nor anybody half of it. @param {Run} content */
    write(content) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const whole = `${file}.${process.pid}`;
      rmSync(whole, { force: true });
      writeFileSync(whole, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
      renameSync(whole, file);
    },
    remove() {
      rmSync(file, { force: true });
    },
  };
}
