/** A program in the background, which lives on when its parent and its terminal are gone. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts it, and waits until it has said that it is ready, or has ended.
 * @param {string[]} command what Node runs, and its arguments
 * @param {{ cwd: string, log: string, isReady: (said: string) => boolean }} options `log` is a file for all that it says
 * @returns {Promise<{ said: string, exitCode: number | undefined }>} no exit code: it runs
 */
export async function startDetached(command, { cwd, log, isReady }) {
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, 'w');
  const child = spawn(process.execPath, command, { cwd, detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  let exitCode = /** @type {number | undefined} */ (undefined);
  child.once('exit', (code) => {
    exitCode = code ?? 1;
  });
  for (;;) {
    const said = readFileSync(log, 'utf8');
    if (exitCode !== undefined || isReady(said)) return { said, exitCode };
    await sleep(100);
  }
}
