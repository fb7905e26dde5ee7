import type { FastifyInstance } from 'fastify';
import { decodedPathOf, isUnreadable } from '../requests/request-path.js';

/** Answers of the API belong to one client and one moment: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.5 */
export const NO_STORE = { 'cache-control': 'no-store' } as const;

/** No cache may keep an answer under /api, nor an error. Register it before every hook that refuses requests. */
export function forbidCaching(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (isUnreadable(request) || /^\/api(\/|$)/.test(decodedPathOf(request))) void reply.headers(NO_STORE);
    done();
  });
}
