import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createTerminus, HealthCheckError } from '@godaddy/terminus';
import type { MonotonicClock } from '../runtime/clock.js';
import { clientErrorOf, writeAnswer } from '../http/client-errors.js';
import { isArriving, isLingering, lingerAfter } from '../http/linger.js';
import { createRequestGuard, REFUSAL_STATUSES, type RequestGuard } from '../http/request-guard.js';
import { SERVER_OPTIONS } from '../http/server-options.js';
import type { ProcessEnv } from '../runtime/config.js';
import type { Logger } from '../runtime/logger.js';
import { startDrain } from '../runtime/run-main.js';
import type { Worker } from '../worker/create-worker.js';
import { startWatchdog } from './watchdog.js';

type ServeOptions = {
  service: string;
  config: Pick<ProcessEnv, 'HOST' | 'ALLOWED_HOSTS' | 'SHUTDOWN_TIMEOUT_MS'> & { PORT: number };
  /** Releases the worker's resources after the drain. May return a promise. */
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

/** No page may load an answer of a worker, neither as a script nor in a frame. */
const BROWSER_HEADERS: [name: string, value: string][] = [
  ['cross-origin-resource-policy', 'same-origin'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
];

/** The decoded path of a target in either form, without its query. Terminus and the handlers compare it with their paths. */
function pathOf(target = ''): string {
  const [path = ''] = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const errorBody = (code: string, message: string): string => JSON.stringify({ status: 'error', code, message });

/** Puts the guard in front of all request listeners, including the health checks of terminus. */
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
      // Answer only after the whole request: an early answer could be lost or taken for that of the next request.
      if (isArriving(request)) request.resume().once('end', answer);
      else answer();
      return;
    }
    // The connection is closed, so that the rest of an unwanted body is discarded.
    if (isArriving(request)) lingerAfter(request);
    const { code, detail } = refusal;
    const body = errorBody(code, detail);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    response.writeHead(REFUSAL_STATUSES[code], { ...headers, connection: 'close' }).end(body);
  });
  // Expectations are ignored: no endpoint takes a body.
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
 * Runs a worker as a process: health and metrics first, then the work. SIGTERM and SIGINT drain it while health answers
 * 503; then it exits 0. A worker whose polling has died exits 1, because Docker does not restart unhealthy containers.
 */
export async function serveWorker(worker: Worker, options: ServeOptions): Promise<Server> {
  const { service, config, logger, monotonic } = options;
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    if (['GET', 'HEAD'].includes(request.method ?? '') && request.url === '/metrics') {
      answerScrape(worker, response, logger);
      return;
    }
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"status":"error","message":"not found"}');
  });

  // Terminus changes the objects that it gets, so each answer is a new one.
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
    // Not onSignal: the port is closed by then, and health could not report the drain.
    beforeShutdown: async () => {
      const deadline = startDrain(logger, monotonic, config.SHUTDOWN_TIMEOUT_MS);
      server.once('close', deadline.cancel);
      await worker.stop();
      await options.release();
      logger.info('drained');
    },
    // A failed health check is not logged here: `ready` and the watchdog log changes only.
    logger: (message, err) => {
      if (!(err instanceof HealthCheckError)) logger.error(message, { err });
    },
  });

  guardServer(server, createRequestGuard(service, config));

  server.listen(config.PORT, config.HOST);
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
