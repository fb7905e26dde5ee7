import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { parseJson } from '../parse-json.js';
import { unlessInterrupted } from '../terminal.js';
import type { ApiTarget } from './token-source.js';

export type ApiAnswer = {
  status: number;
  /** From Retry-After. */
  retryAfterMs?: number;
  /** Undefined when it is not JSON. */
  body: unknown;
};

/** The calls to the API. Rejects if there is no answer. */
export type Api = {
  get: (path: string) => Promise<ApiAnswer>;
  post: (path: string, body: object, idempotencyKey: string) => Promise<ApiAnswer>;
};

type Options = { method?: string; headers?: Record<string, string> };

/** Longer than the API's own deadlines. */
const TIMEOUT_MS = 10_000;

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfterMsOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

export function createApi(
  { url: baseUrl, tokens }: ApiTarget,
  { signal, now }: { signal: AbortSignal; now: () => number },
): Api {
  const { request, Agent } = baseUrl.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true });

  /**
   * Rejects if the connection breaks before the answer is complete. Does not use `fetch`, because proxy variables may
   * redirect it.
   */
  function exchange(path: string, options: http.RequestOptions, sent: string | undefined): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      request(`${baseUrl}${path}`, { ...options, agent }, (response) => {
        text(response).then((said) => {
          const retryAfterMs = retryAfterMsOf(response.headers['retry-after'], now());
          resolve({ status: response.statusCode ?? 0, retryAfterMs, body: parseJson(said) });
        }, reject);
      })
        .once('error', reject)
        .end(sent);
    });
  }

  async function callOnce(path: string, options: Options, sent?: string): Promise<ApiAnswer> {
    signal.throwIfAborted();
    const token = await unlessInterrupted({ signal }, tokens.headers());
    const late = AbortSignal.timeout(TIMEOUT_MS);
    const headers = { ...options.headers, ...token };
    try {
      return await unlessInterrupted({ signal }, exchange(path, { ...options, headers, signal: late }, sent));
    } catch (error) {
      // Node's error for an aborted request lacks the reason.
      if (late.aborted) throw new Error(`no answer within ${TIMEOUT_MS / 1_000} s`, { cause: error });
      throw error;
    }
  }

  async function call(path: string, options: Options, sent?: string): Promise<ApiAnswer> {
    const answer = await callOnce(path, options, sent);
    if (answer.status !== 401) return answer;
    // For example, the computer slept while the token expired.
    tokens.forget();
    return callOnce(path, options, sent);
  }
  return {
    get: (path) => call(path, {}),
    post: (path, body, key) => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': key };
      return call(path, { method: 'POST', headers }, JSON.stringify(body));
    },
  };
}
