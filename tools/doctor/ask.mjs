/** Commands and requests that end in time, whatever they ask. */
import { execFile } from 'node:child_process';

const ANSWERS_WITHIN_MS = 4_000;

/** @typedef {{ status: 'ok' | 'missing' | 'failed', stdout: string, reason: string }} Answer */

/**
 * Gives up on what takes longer.
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @param {number} [ms]
 * @returns {Promise<T>}
 */
export function inTime(promise, what, ms = ANSWERS_WITHIN_MS) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} gave no answer within ${ms / 1_000} s`));
    }, ms);
  });
  return Promise.race([promise, late]).finally(() => {
    clearTimeout(timer);
  });
}

/** @param {string} text */
const firstLine = (text) => text.trim().split('\n')[0] ?? '';

/**
 * Runs a command that changes nothing.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<Answer>}
 */
export async function ask(command, args, options = {}) {
  /** @type {Promise<Answer>} */
  const answer = new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { ...options, encoding: 'utf8', timeout: ANSWERS_WITHIN_MS, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (!error) resolve({ status: 'ok', stdout: stdout.trim(), reason: '' });
        else if (error.code === /** @type {unknown} */ ('ENOENT')) {
          resolve({ status: 'missing', stdout: '', reason: `${command} is not in PATH` });
        } else {
          const reason = error.killed ? `no answer within ${ANSWERS_WITHIN_MS / 1_000} s` : firstLine(stderr);
          resolve({ status: 'failed', stdout, reason: reason || `exit code ${error.code}` });
        }
      },
    );
    child.stdin?.end();
  });
  try {
    // What the command has started may hold its output open.
    return await inTime(answer, command, ANSWERS_WITHIN_MS + 500);
  } catch (error) {
    return { status: 'failed', stdout: '', reason: /** @type {Error} */ (error).message };
  }
}

/**
 * Any answer over HTTP, with its body; undefined when there is none.
 * @param {string} url
 * @param {RequestInit} [init]
 */
export async function request(url, init = {}) {
  const sentAt = Date.now();
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    const receivedAt = Date.now();
    return { status: response.status, headers: response.headers, body: await response.text(), sentAt, receivedAt };
  } catch {
    return undefined;
  }
}
