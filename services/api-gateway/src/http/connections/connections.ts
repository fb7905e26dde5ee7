import type { Socket } from 'node:net';
import { isLingering } from '@orderflow/platform/http/linger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { whenOver } from './when-over.js';

/** A request that has not been answered yet. */
type Exchange = { request: FastifyRequest; reply: FastifyReply };

export type Connections = {
  /** A connection's requests that have not been answered, oldest first. */
  exchangesOf: (socket: Socket) => Exchange[];
};

/** A request that is on its way when the server closes arrives within this. */
const GRACE_MS = 1_000;
/** Clients that have not read their answers by then do not get them: there must be time left to drain. */
const CLOSE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 250;

/**
 * Follows every connection and what is asked on it, and closes them all when the server closes. Node waits for those that
 * have begun to send something, be it a byte, until they end by themselves; its timeouts end with `close()`.
 */
export function followConnections(
  server: FastifyInstance,
  { shutdownTimeoutMs }: { shutdownTimeoutMs: number },
): Connections {
  const connections = new Map<Socket, Set<Exchange>>();
  server.server.on('connection', (socket) => {
    connections.set(socket, new Set());
    socket.once('close', () => connections.delete(socket));
  });
  server.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    // Nobody hears an answer: the client has gone, or was told that no more requests are served.
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
    // A connection that is busy when the server closes would stay open when it falls idle.
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

  return { exchangesOf: (socket) => [...(connections.get(socket) ?? [])] };
}
