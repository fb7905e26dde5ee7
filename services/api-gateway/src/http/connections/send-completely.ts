import { Readable } from 'node:stream';
import { isArriving, lingerAfter } from '@orderflow/platform/http/linger';
import { REQUEST_TIMEOUT_MS } from '@orderflow/platform/http/server-options';
import type { FastifyInstance } from 'fastify';
import { whenOver } from './when-over.js';

const NO_CONTENT = [204, 304];

/** What is true of the end of every answer, whoever gives it. */
export function sendCompletely(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    if (isArriving(request.raw)) {
      void reply.header('connection', 'close');
      lingerAfter(request.raw, REQUEST_TIMEOUT_MS - reply.elapsedTime);
    }
    // A file stays open, and a stream takes a place, until it is destroyed.
    if (payload instanceof Readable) {
      whenOver(reply, () => {
        payload.destroy();
      });
    }
    // Fastify would say to HEAD that the content which there is not has a length of 0.
    const isHeadOfNothing = request.method === 'HEAD' && NO_CONTENT.includes(reply.statusCode);
    done(null, isHeadOfNothing ? Readable.from([]) : payload);
  });
}
