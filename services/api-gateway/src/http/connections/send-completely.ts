import { Readable } from 'node:stream';
import { isArriving, lingerAfter } from '@orderflow/platform/http/linger';
import { REQUEST_TIMEOUT_MS } from '@orderflow/platform/http/server-options';
import type { FastifyInstance } from 'fastify';
import { whenOver } from './when-over.js';

const NO_CONTENT = [204, 304];

/** Rules for the end of every answer. */
export function sendCompletely(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    if (isArriving(request.raw)) {
      void reply.header('connection', 'close');
      lingerAfter(request.raw, REQUEST_TIMEOUT_MS - reply.elapsedTime);
    }
    // A file stays open, and a stream counts against the limit, until it is destroyed.
    if (payload instanceof Readable) {
      whenOver(reply, () => {
        payload.destroy();
      });
    }
    // Fastify would add Content-Length: 0 to a HEAD answer without content.
    const isHeadOfNothing = request.method === 'HEAD' && NO_CONTENT.includes(reply.statusCode);
    done(null, isHeadOfNothing ? Readable.from([]) : payload);
  });
}
