import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { within } from '@orderflow/platform/runtime/within';

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

/** Longer than the API's own deadlines. */
const TIMEOUT_MS = 10_000;

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfterMsOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function createApi(baseUrl: string, { signal, now }: { signal: AbortSignal; now: () => number }): Api {
  const { request, Agent } = baseUrl.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true });
  const monotonic = createMonotonicClock();

  /**
   * Rejects if the connection breaks before the answer is complete. Does not use `fetch`, because proxy variables may
   * redirect it.
   */
  function exchange(path: string, options: http.RequestOptions, sent: string | undefined): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      request(`${baseUrl}${path}`, { ...options, agent }, (response) => {
        text(response).then((said) => {
          const retryAfterMs = retryAfterMsOf(response.headers['retry-after'], now());
          resolve({ status: response.statusCode ?? 0, retryAfterMs, body: parse(said) });
        }, reject);
      })
        .once('error', reject)
        .end(sent);
    });
  }

  async function call(path: string, options: http.RequestOptions = {}, sent?: string): Promise<ApiAnswer> {
    // AbortSignal.any would leak: each composite signal stays referenced by the long-lived signal.
    const ended = new AbortController();
    const end = () => {
      ended.abort(signal.reason);
    };
    const onLate = () => {
      const error = new Error(`no answer within ${TIMEOUT_MS / 1_000} s`);
      ended.abort(error);
      throw error;
    };
    signal.addEventListener('abort', end);
    try {
      signal.throwIfAborted();
      const answering = exchange(path, { ...options, signal: ended.signal }, sent);
      return await within(answering, { ms: TIMEOUT_MS, monotonic, onLate });
    } catch (error) {
      // Node's error for an aborted request lacks the reason.
      ended.signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }
  return {
    get: (path) => call(path),
    post: (path, body, key) => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': key };
      return call(path, { method: 'POST', headers }, JSON.stringify(body));
    },
  };
}
