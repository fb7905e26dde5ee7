/** Commands and requests with a deadline. */
import { execFile } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';

export const ANSWERS_WITHIN_MS = 4_000;

/** @typedef {{ status: 'ok' | 'missing' | 'failed', stdout: string, reason: string }} Answer */

/**
 * Rejects after the deadline.
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
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, withinMs?: number }} [options]
 * @returns {Promise<Answer>}
 */
export async function ask(command, args, { withinMs = ANSWERS_WITHIN_MS, ...options } = {}) {
  /** @type {Promise<Answer>} */
  const answer = new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { ...options, encoding: 'utf8', timeout: withinMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (!error) resolve({ status: 'ok', stdout: stdout.trim(), reason: '' });
        else if (error.code === /** @type {unknown} */ ('ENOENT')) {
          resolve({ status: 'missing', stdout: '', reason: `${command} is not in PATH` });
        } else {
          const reason = error.killed ? `no answer within ${withinMs / 1_000} s` : firstLine(stderr);
          resolve({ status: 'failed', stdout, reason: reason || `exit code ${error.code}` });
        }
      },
    );
    child.stdin?.end();
  });
  try {
    // The command's own children may keep its output open.
    return await inTime(answer, command, withinMs + 500);
  } catch (error) {
    return { status: 'failed', stdout: '', reason: /** @type {Error} */ (error).message };
  }
}

/** @typedef {{ status: number, date: string | null, body: string, sentAt: number, receivedAt: number }} HttpAnswer */

/**
 * Any HTTP answer with its body; undefined without one. Does not use `fetch`: its browser headers are rejected by the
 * emulator's guard, and proxy variables may redirect it.
 * @param {string} url
 * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [init]
 * @returns {Promise<HttpAnswer | undefined>}
 */
export function request(url, { body: sent = '', ...init } = {}) {
  const sentAt = Date.now();
  const { request: start } = url.startsWith('https:') ? https : http;
  return new Promise((resolve) => {
    const none = () => {
      resolve(undefined);
    };
    const asked = start(url, { ...init, agent: false, signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) }, (answer) => {
      const receivedAt = Date.now();
      let body = '';
      answer.setEncoding('utf8').on('data', (text) => (body += text));
      answer.on('error', none).on('end', () => {
        resolve({ status: answer.statusCode ?? 0, date: answer.headers.date ?? null, body, sentAt, receivedAt });
      });
    });
    asked.on('error', none).end(sent);
  });
}
