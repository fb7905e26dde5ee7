import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { SERVER_OPTIONS } from '@orderflow/platform/http/server-options';
import { ConfigError } from '@orderflow/platform/runtime/errors';
import type { Logger } from '@orderflow/platform/runtime/logger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiEnv } from '../../config.js';
import { ApiProblem } from '../problems/api-problem.js';
import { isProbe } from '../telemetry/http-metrics.js';
import type { Connections } from './connections.js';

type Dependencies = {
  logger: Logger;
  connections: Connections;
  answerClientError: (error: Error, socket: Socket) => void;
};

type Management = {
  /** Whether a request is a probe that may be answered: the only ones without a limit. */
  isServedProbe: (request: FastifyRequest) => boolean;
  /** Adds the hook that refuses requests on the wrong port. */
  refuseElsewhere: () => void;
};

/** Where to listen. For localhost, a resolver could say ::1, or both: https://nodejs.org/api/net.html#serverlisten */
export function addressOf(host: string): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
}

/**
 * Moves health and metrics to MANAGEMENT_PORT, if it is set, so that a load balancer can never expose them. The port opens
 * before the API's port, and answers until everything else has been shut down.
 */
export function separateManagement(
  server: FastifyInstance,
  { MANAGEMENT_PORT: port, HOST: host }: Pick<ApiEnv, 'MANAGEMENT_PORT' | 'HOST'>,
  { logger, connections, answerClientError }: Dependencies,
): Management {
  if (port === undefined) return { isServedProbe: isProbe, refuseElsewhere: () => undefined };
  const management = createServer(SERVER_OPTIONS, (request, response) => {
    server.routing(request, response);
  });
  const own = new WeakSet<Socket>();
  management.on('connection', (socket) => own.add(socket));
  connections.follow(management);
  management.on('clientError', (error, socket) => {
    answerClientError(error, socket as Socket);
  });
  server.addHook('onClose', (_, done) => {
    management.close();
    management.closeAllConnections();
    done();
  });
  server.addHook('onReady', async () => {
    management.listen(port, addressOf(host));
    try {
      await once(management, 'listening');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === 'EADDRINUSE' ? 'another process listens there' : message;
      throw new ConfigError([`MANAGEMENT_PORT=${port} cannot be used: ${why}`]);
    }
    logger.info('health and metrics listen', { address: management.address() });
  });
  const isHere = ({ raw }: FastifyRequest): boolean => own.has(raw.socket);
  return {
    isServedProbe: (request) => isProbe(request) && isHere(request),
    refuseElsewhere: () => {
      server.addHook('onRequest', (request, _, done) => {
        const isRight = isProbe(request) === isHere(request);
        done(isRight ? undefined : new ApiProblem('ROUTE_NOT_FOUND', 'There is nothing at this path on this port.'));
      });
    },
  };
}
