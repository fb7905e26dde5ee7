/** Commands and requests with a deadline. */
import http from 'node:http';
import https from 'node:https';
import { runToEnd } from './run-to-end.mjs';

export const ANSWERS_WITHIN_MS = 4_000;

/** @typedef {{ status: 'ok' | 'missing' | 'failed', stdout: string, reason: string }} Answer */

/**
 * Rejects after the deadline.
 * @template T
 * @param {Promise<T>} promise @param {string} what @param {number} [ms] @returns {Promise<T>}
 */
export function inTime(promise, what, ms = ANSWERS_WITHIN_MS) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} gave no answer within ${ms / 1_000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** @param {string} text */
const firstLine = (text) => text.trim().split('\n')[0] ?? '';

/**
 * Runs a command that changes nothing.
 * @param {string} command @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, withinMs?: number }} [options] @returns {Promise<Answer>}
 */
export async function ask(command, args, { withinMs = ANSWERS_WITHIN_MS, ...options } = {}) {
  try {
    // Children of the command in other process groups may keep its output open.
    const ended = await inTime(
      runToEnd(command, args, { ...options, withinMs, detached: false }),
      command,
      withinMs + 500,
    );
    const { status, stdout, stderr, error, isLate } = ended;
    if (status === 0) return { status: 'ok', stdout: stdout.trim(), reason: '' };
    if (error?.code === 'ENOENT') return { status: 'missing', stdout: '', reason: `${command} is not in PATH` };
    const reason = isLate ? `no answer within ${withinMs / 1_000} s` : firstLine(stderr);
    return { status: 'failed', stdout, reason: reason || `exit code ${error?.code ?? status}` };
  } catch (error) {
    return { status: 'failed', stdout: '', reason: /** @type {Error} */ (error).message };
  }
}

/** @typedef {{ status: number, date: string | null, body: string, sentAt: number, receivedAt: number }} HttpAnswer */

/**
 * Any HTTP answer with its body; undefined without one. Does not use `fetch`: its browser headers are rejected by the
 * emulator's guard, and proxy variables may redirect it.
 * @param {string} url
 * @param {{ method?: string, headers?: Record<string, string>, body?: string, withinMs?: number }} [init]
 * @returns {Promise<HttpAnswer | undefined>}
 */
export function request(url, { body: sent = '', withinMs = ANSWERS_WITHIN_MS, ...init } = {}) {
  const sentAt = Date.now();
  const { request: start } = url.startsWith('https:') ? https : http;
  return new Promise((resolve) => {
    const none = () => resolve(undefined);
    const asked = start(url, { ...init, agent: false, signal: AbortSignal.timeout(withinMs) }, (answer) => {
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
