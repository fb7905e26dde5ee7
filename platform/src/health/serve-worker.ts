import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createTerminus, HealthCheckError } from '@godaddy/terminus';
import type { MonotonicClock } from '../runtime/clock.js';
import { clientErrorOf, writeAnswer } from '../http/client-errors.js';
import { isArriving, isLingering, lingerAfter } from '../http/linger.js';
import { REFUSAL_STATUSES, type RequestGuard } from '../http/request-guard.js';
import { SERVER_OPTIONS } from '../http/server-options.js';
import type { Logger } from '../runtime/logger.js';
import { startDrain } from '../runtime/run-main.js';
import type { Worker } from '../worker/create-worker.js';
import { startWatchdog } from './watchdog.js';

type ServeOptions = {
  host: string;
  port: number;
  guard: RequestGuard;
  /** Ms from the signal until the process exits 1, drained or not. */
  shutdownTimeoutMs: number;
  /** Frees what the worker used, after the drain; a promise is waited for. */
  release: () => unknown;
  logger: Logger;
  monotonic: MonotonicClock;
};

function answerScrape(worker: Worker, response: ServerResponse, logger: Logger): void {
  worker.scrape().then(
    ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
    (err: unknown) => {
      logger.error('metrics cannot be told', { err });
      response.writeHead(500).end();
    },
  );
}

/** Nothing that a worker says is for a page to load: neither as a script, nor in a frame. */
const BROWSER_HEADERS: [name: string, value: string][] = [
  ['cross-origin-resource-policy', 'same-origin'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
];

/** What terminus and the handlers compare with their paths: without a query, decoded, of either form of a target. */
function pathOf(target = ''): string {
  const [path = ''] = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const errorBody = (code: string, message: string): string => JSON.stringify({ status: 'error', code, message });

/** Puts the guard before all that answers requests, the checks of terminus included. */
function guardServer(server: Server, guard: RequestGuard): void {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (isLingering(request.socket)) return;
    for (const [name, value] of BROWSER_HEADERS) response.setHeader(name, value);
    const refusal = guard(request);
    if (!refusal) {
      request.url = pathOf(request.url);
      const answer = (): void => {
        for (const listener of listeners) listener(request, response);
      };
      // No answer before the whole request: it could be taken for that of the next one, or be lost.
      if (isArriving(request)) request.resume().once('end', answer);
      else answer();
      return;
    }
    // Closed, so that the rest of a body that nobody wants is not kept.
    if (isArriving(request)) lingerAfter(request);
    const { code, detail } = refusal;
    const body = errorBody(code, detail);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    response.writeHead(REFUSAL_STATUSES[code], { ...headers, connection: 'close' }).end(body);
  });
  // No expectation has to be met: there is nothing to send here.
  for (const event of ['checkContinue', 'checkExpectation']) {
    server.on(event, (request, response) => server.emit('request', request, response));
  }

  const refused = new WeakSet<Socket>();
  server.on('clientError', (error, stream) => {
    const socket = stream as Socket;
    if (refused.has(socket)) return;
    refused.add(socket);
    const problem = isLingering(socket) ? undefined : clientErrorOf(error, socket);
    if (!problem) {
      socket.destroy();
      return;
    }
    const headers = { ...Object.fromEntries(BROWSER_HEADERS), 'content-type': 'application/json' };
    writeAnswer(socket, { status: problem.status, headers, body: errorBody(problem.code, problem.detail) });
  });
}

/**
 * Runs a worker as a process: health and metrics first, then the work; SIGTERM and SIGINT drain it while health answers
 * 503, and end with exit code 0. A worker whose polling has died is ended, because Docker does not restart unhealthy
 * containers.
 */
export async function serveWorker(worker: Worker, options: ServeOptions): Promise<Server> {
  const { logger, monotonic, shutdownTimeoutMs } = options;
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    if (['GET', 'HEAD'].includes(request.method ?? '') && request.url === '/metrics') {
      answerScrape(worker, response, logger);
      return;
    }
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"status":"error","message":"not found"}');
  });

  // terminus changes the objects it is given, so each answer is a new one.
  const live = () => {
    if (!worker.isLive())
      throw new HealthCheckError('polling has stopped', { polling: 'no receive call returned in time' });
    return Promise.resolve({ polling: 'up' });
  };
  let wasReady: boolean | undefined;
  const ready = async () => {
    const { ok, checks } = await worker.readiness();
    if (ok && wasReady === false) logger.info('ready again');
    if (!ok && wasReady !== false) logger.warn('not ready', { checks });
    wasReady = ok;
    if (!ok) throw new HealthCheckError('not ready', checks);
    return { ...checks };
  };

  createTerminus(server, {
    healthChecks: { '/health/live': live, '/health/ready': ready, '/health': ready },
    signals: ['SIGTERM', 'SIGINT'],
    useExit0: true,
    timeout: 1_000,
    // Not onSignal: by then the port is closed, and health could not say that the worker is draining.
    beforeShutdown: async () => {
      const deadline = startDrain(logger, monotonic, shutdownTimeoutMs);
      server.once('close', deadline.cancel);
      await worker.stop();
      await options.release();
      logger.info('drained');
    },
    // A check that fails says so in its answer, every few seconds; `ready` and the watchdog log what changes.
    logger: (message, err) => {
      if (!(err instanceof HealthCheckError)) logger.error(message, { err });
    },
  });

  guardServer(server, options.guard);

  server.listen(options.port, options.host);
  await once(server, 'listening');
  logger.info('health endpoints listen', { address: server.address() });

  const stopWatchdog = startWatchdog(
    () => worker.isLive(),
    () => {
      logger.error('polling has died, the process ends');
      process.exit(1);
    },
  );
  server.once('close', stopWatchdog);
  worker.start();
  return server;
}
