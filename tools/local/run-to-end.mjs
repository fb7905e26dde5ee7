/** A program of which only the end and the output count. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/**
 * Sends a signal to a child that leads a process group, and to what it has started itself.
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
export function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/**
 * Like `spawnSync`, but this process stays able to act on signals. The program is in another process group than this one;
 * when `signal` aborts, it is ended.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined }} [options]
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string, error?: Error }>} once it has ended
 */
export async function runToEnd(command, args, { signal, ...options } = {}) {
  signal?.throwIfAborted();
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  /** @type {Promise<{ status: number | null, error?: Error }>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, error }));
    child.once('close', (status) => resolve({ status }));
  });
  const abort = () => endGroup(child, 'SIGTERM');
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    signal?.throwIfAborted();
    return { stdout, stderr, ...end };
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
