import type { Server, Socket } from 'node:net';
import { isLingering } from '@orderflow/platform/http/linger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { whenOver } from './when-over.js';

/** A request without an answer yet. */
type Exchange = { request: FastifyRequest; reply: FastifyReply };

/** A request in flight when the server closes arrives within this time. */
const GRACE_MS = 1_000;
/** Clients that have not read their answers by then lose them, so that time is left to drain. */
const CLOSE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 250;

/**
 * Tracks every connection and its requests, and closes them all when the server closes. Node's timeouts end with
 * `close()`: without this it would wait forever for a client that has sent a single byte.
 */
export function followConnections(server: FastifyInstance, shutdownTimeoutMs: number) {
  const connections = new Map<Socket, Set<Exchange>>();
  const follow = (listener: Server): void => {
    listener.on('connection', (socket) => {
      connections.set(socket, new Set());
      socket.once('close', () => connections.delete(socket));
    });
  };
  follow(server.server);
  server.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    // No one would receive an answer: the client left, or was told that the connection is closing.
    if (socket.destroyed || isLingering(socket)) {
      reply.hijack();
      return;
    }
    const exchanges = connections.get(socket);
    const exchange = { request, reply };
    exchanges?.add(exchange);
    whenOver(reply, () => exchanges?.delete(exchange));
    done();
  });

  let closing = false;
  server.addHook('onSend', (_, reply, payload, done) => {
    // A connection that is busy when the server closes would otherwise stay open once idle.
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });
  server.addHook('preClose', (done) => {
    closing = true;
    const closesWithinMs = Math.min(CLOSE_WITHIN_MS, shutdownTimeoutMs / 2);
    const since = performance.now();
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - since;
      if (elapsedMs < Math.min(GRACE_MS, closesWithinMs)) return;
      for (const [socket, exchanges] of connections) {
        const isServed = [...exchanges].some(({ request }) => request.raw.complete);
        if (!isServed || elapsedMs >= closesWithinMs) socket.destroy();
      }
    }, LOOK_EVERY_MS);
    server.server.once('close', () => {
      clearInterval(timer);
    });
    done();
  });

  return {
    /** Tracks another listener, whose requests come here, too. */
    follow,
    /** The unanswered requests of a connection, oldest first. */
    exchangesOf: (socket: Socket): Exchange[] => [...(connections.get(socket) ?? [])],
  };
}

export type Connections = ReturnType<typeof followConnections>;
