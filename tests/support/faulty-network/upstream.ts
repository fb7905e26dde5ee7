import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export type UpstreamCall = { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer | string };
export type UpstreamAnswer = { status: number; headers: IncomingHttpHeaders; body: Buffer };

type Upstream = {
  /** @throws when the connection breaks or `signal` is aborted */
  call(call: UpstreamCall, signal: AbortSignal): Promise<UpstreamAnswer>;
  dispose(): void;
};

/** Shorter than servers keep idle connections, so that a call rarely uses one that was just closed. */
const IDLE_MS = 3_000;
/** Headers that apply to one connection, or that the proxy sets itself. */
const NOT_FORWARDED = ['connection', 'keep-alive', 'content-length', 'transfer-encoding', 'accept-encoding', 'expect'];

function without(headers: IncomingHttpHeaders, names: string[]): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** Calls the emulator over kept connections. */
export function connectTo(targetUrl: string): Upstream {
  const { hostname, port } = new URL(targetUrl);
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });

  function attempt({ method, path, headers, body }: UpstreamCall, signal: AbortSignal): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      const sent = { ...without(headers, NOT_FORWARDED), 'content-length': String(Buffer.byteLength(body)) };
      const call = httpRequest({ hostname, port, method, path, headers: sent, agent, signal }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const { statusCode: status = 502 } = answer;
          resolve({ status, headers: without(answer.headers, NOT_FORWARDED), body: Buffer.concat(chunks) });
        });
      });
      call.on('error', (error) => {
        // The server closed an idle connection, so the call was never read:
        // https://nodejs.org/api/http.html#requestreusedsocket
        const neverRead = call.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
        reject(neverRead ? new StaleConnectionError('stale', { cause: error }) : error);
      });
      call.end(body);
    });
  }

  return {
    call: async (call, signal) => {
      for (;;) {
        try {
          return await attempt(call, signal);
        } catch (error) {
          if (!(error instanceof StaleConnectionError)) throw error;
        }
      }
    },
    dispose: () => {
      agent.destroy();
    },
  };
}

class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}
