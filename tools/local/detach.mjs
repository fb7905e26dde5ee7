/** A background program that survives its parent and its terminal. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeRunFolder } from './local-run.mjs';

/** Tells a waiting parent that this background program is ready. */
export function sayReady() {
  if (!process.connected) return;
  // The parent may have ended.
  process.send?.('ready', () => {
    if (process.connected) process.disconnect();
  });
}

/**
 * Starts a program and waits until it is ready or has ended. Interrupting the wait ends it.
 * @param {string[]} command what Node runs, and its arguments
 * @param {{ cwd: string, log: string }} options `log` is a file for all that it says
 * @returns {Promise<{ said: string, exitCode: number | undefined }>} no exit code: it runs
 */
export async function startDetached(command, { cwd, log }) {
  makeRunFolder(dirname(log));
  const output = openSync(log, 'w');
  const child = spawn(process.execPath, command, { cwd, detached: true, stdio: ['ignore', output, output, 'ipc'] });
  closeSync(output);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill('SIGTERM'));
  }
  /** @type {number | undefined} */
  const exitCode = await new Promise((resolve) => {
    child.once('message', () => resolve(undefined));
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 1));
  });
  child.unref();
  if (child.connected) child.disconnect();
  return { said: readFileSync(log, 'utf8'), exitCode };
}
