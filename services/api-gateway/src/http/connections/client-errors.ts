import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { clientErrorOf, writeAnswer } from '@orderflow/platform/http/client-errors';
import { isLingering } from '@orderflow/platform/http/linger';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { NO_STORE } from '../answers/forbid-caching.js';
import { ApiProblem, malformed } from '../problems/api-problem.js';
import { clientAt } from '../limits/client-of.js';
import type { Connections } from './connections.js';
import type { HttpMetrics } from '../telemetry/http-metrics.js';
import { problemOf, sendProblem } from '../problems/problem.filter.js';
import { API_HEADERS } from '../security/protect-browsers.js';
import type { CountRequest } from '../limits/rate-limit.js';
import { whenOver } from './when-over.js';

/**
 * Answers input that Node rejects before there is a request, or while its body is being received. The rules of all
 * answers apply: a problem with an id, security headers, the rate limit, a log line and a metric.
 */
export function createClientErrors(
  connections: Connections,
  countRequest: CountRequest,
  metrics: HttpMetrics,
  logger: Logger,
) {
  const refused = new WeakSet<Socket>();

  function answerWithoutRequest(socket: Socket, given: ApiProblem): void {
    const { isExceeded, resetSeconds } = countRequest(clientAt(socket.remoteAddress));
    const problem = isExceeded ? new ApiProblem('RATE_LIMITED', given.detail) : given;
    const correlationId = randomUUID();
    const { status } = problem;
    writeAnswer(socket, {
      status,
      headers: {
        ...API_HEADERS,
        ...NO_STORE,
        'content-type': 'application/problem+json',
        'x-correlation-id': correlationId,
        ...(isExceeded ? { 'retry-after': resetSeconds } : {}),
      },
      body: JSON.stringify(problemOf(problem, '', correlationId)),
    });
    metrics.requests.inc({ method: 'other', route: '(none)', status });
    logger.info('request', { method: 'other', route: '(none)', status, correlationId });
  }

  /** Handles the server event `connect`; without a listener Node closes the connection. */
  function refuseTunnel(socket: Socket): void {
    // Node has removed its own listeners, and an unhandled error event would end the process.
    socket.on('error', () => socket.destroy());
    if (connections.exchangesOf(socket).length > 0) socket.destroy();
    else answerWithoutRequest(socket, malformed('This is no proxy.'));
  }

  /** Handles the server event `clientError`. */
  function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    // A failed parser fails again with every further chunk.
    if (refused.has(socket)) return;
    refused.add(socket);
    const clientError = isLingering(socket) ? undefined : clientErrorOf(error, socket);
    if (!clientError) {
      socket.destroy();
      return;
    }
    const { code, detail } = clientError;
    const problem = code === 'MALFORMED_REQUEST' ? malformed(detail) : new ApiProblem(code, detail);
    const exchanges = connections.exchangesOf(socket);
    const unfinished = exchanges.find(({ request }) => !request.raw.complete);
    if (unfinished) {
      const { request, reply } = unfinished;
      // Let the hooks check the head first: it may have arrived in the same chunk.
      setImmediate(() => {
        if (reply.sent) return;
        void reply.header('connection', 'close');
        sendProblem(reply, request, problem);
      });
      return;
    }
    // Earlier requests on the connection are answered first.
    const answered = exchanges.map(
      ({ reply }) =>
        new Promise<void>((resolve) => {
          whenOver(reply, resolve);
        }),
    );
    void Promise.all(answered).then(() => {
      if (socket.writable) answerWithoutRequest(socket, problem);
    });
  }

  return { answerClientError, refuseTunnel };
}
