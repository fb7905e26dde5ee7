export type ApiAnswer = {
  status: number;
  /** From Retry-After. */
  retryAfterMs?: number;
  /** Undefined when it is not JSON. */
  body: unknown;
};

/** The API, as far as orders are sent to it. Rejects when there is no answer. */
export type Api = {
  get: (path: string) => Promise<ApiAnswer>;
  post: (path: string, body: object, idempotencyKey: string) => Promise<ApiAnswer>;
};

/** The API's own deadlines are shorter. */
const TIMEOUT_MS = 10_000;

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfterMsOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
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
  async function call(path: string, init: RequestInit = {}): Promise<ApiAnswer> {
    // Not AbortSignal.any: one that is made for each call stays with the signal, which lives as long as the process.
    const ended = new AbortController();
    const end = () => {
      ended.abort(signal.reason);
    };
    const timer = setTimeout(() => {
      ended.abort(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`));
    }, TIMEOUT_MS);
    signal.addEventListener('abort', end);
    try {
      signal.throwIfAborted();
      const response = await fetch(`${baseUrl}${path}`, { ...init, signal: ended.signal });
      const body = parse(await response.text());
      const retryAfterMs = retryAfterMsOf(response.headers.get('retry-after'), now());
      return { status: response.status, body, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }
  return {
    get: (path) => call(path),
    post: (path, body, idempotencyKey) =>
      call(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: JSON.stringify(body),
      }),
  };
}
