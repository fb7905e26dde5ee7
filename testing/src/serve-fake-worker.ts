import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, jest } from '@jest/globals';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { leaveRaw } from './raw-client.js';
import { createRecordingLogger } from './recording-logger.js';
import { serveWorker } from '@orderflow/platform/health/serve-worker';

export const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
export const exits: number[] = [];
let servers: Server[] = [];

beforeEach(() => {
  exits.length = 0;
  jest.spyOn(process, 'exit').mockImplementation((code) => {
    exits.push(Number(code));
    return undefined as never;
  });
});
afterEach(async () => {
  leaveRaw();
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  for (const server of servers) {
    // Closing also stops the watchdog, which must not outlive the mock of process.exit.
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
  servers = [];
  jest.useRealTimers();
  jest.restoreAllMocks();
});

export async function serveFakeWorker({ shutdownTimeoutMs = 60_000 } = {}) {
  const log = createRecordingLogger();
  const state = { live: true, ready: true, measurable: true, drained: false, started: 0, released: 0, asked: 0 };
  let drain: () => void = () => undefined;
  const worker = {
    start: () => void (state.started += 1),
    stop: () => new Promise<void>((resolve) => (drain = resolve)),
    isLive: () => state.live,
    readiness: async () => {
      state.asked += 1;
      return {
        ok: state.ready,
        checks: { queue: state.ready ? { status: 'up' as const } : { status: 'down' as const, reason: 'gone' } },
      };
    },
    scrape: async () => {
      state.asked += 1;
      if (!state.measurable) throw new Error('a collector fails');
      return { contentType: 'text/plain; version=0.0.4', text: 'up 1\n' };
    },
  };
  const server = await serveWorker(worker, {
    service: 'a-worker',
    config: { HOST: '127.0.0.1', PORT: 0, SHUTDOWN_TIMEOUT_MS: shutdownTimeoutMs },
    release: () => void (state.released += 1),
    logger: log.logger,
    monotonic: createMonotonicClock(),
  });
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return {
    log,
    state,
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    get,
    drain: () => {
      drain();
    },
  };
}
