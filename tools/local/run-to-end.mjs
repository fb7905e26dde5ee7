/** Runs a program to its end. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { LocalError } from './fail.mjs';

/** Time for a program to clean up after SIGTERM. */
const ENDS_WITHIN_MS = 15_000;

/**
 * Sends a signal to the process group of a child.
 * @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/**
 * Like `spawnSync`, but this process can handle signals meanwhile. The program has its own process group.
 * @param {string} command @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined, withinMs?: number | undefined, detached?: boolean }} [options]
 * `signal` ends the program; after `withinMs` it is killed; not `detached`, Ctrl-C reaches it
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string, error?: NodeJS.ErrnoException, isLate: boolean }>} once it
 * has ended; `isLate` when it was killed for that
 */
export async function runToEnd(command, args, { signal, withinMs, ...options } = {}) {
  signal?.throwIfAborted();
  const child = spawn(command, args, { detached: true, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  /** @type {Promise<{ status: number | null, error?: NodeJS.ErrnoException }>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, error }));
    child.once('close', (status) => resolve({ status }));
  });
  let isLate = false;
  /** @type {NodeJS.Timeout[]} */
  const timers = [];
  const kill = () => signalGroup(child, 'SIGKILL');
  if (withinMs !== undefined) {
    timers.push(
      setTimeout(() => {
        isLate = true;
        kill();
      }, withinMs),
    );
  }
  const abort = () => {
    signalGroup(child, 'SIGTERM');
    timers.push(setTimeout(kill, ENDS_WITHIN_MS));
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    signal?.throwIfAborted();
    return { stdout, stderr, isLate, ...end };
  } finally {
    timers.forEach(clearTimeout);
    signal?.removeEventListener('abort', abort);
  }
}

/**
 * Runs a program that must succeed, and returns its output.
 * @param {string} command @param {string[]} args
 * @param {Parameters<typeof runToEnd>[2] & { problem: string, fix: string }} options
 */
export async function runOrFail(command, args, { problem, fix, ...options }) {
  const { status, stdout, stderr, error } = await runToEnd(command, args, options);
  if (status === 0) return stdout;
  throw new LocalError(`${problem}:\n${`${stdout}${stderr}`.trim() || String(error)}`, fix);
}
