import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { decodedPathOf } from '../requests/request-path.js';

/**
 * What data says to browsers: nothing in it is to be run, framed or guessed at. As the list for REST APIs in
 * https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
export const API_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Headers by which browsers protect themselves. Documents get all that helmet knows, which costs more than an order's checks. */
export async function protectBrowsers(server: FastifyInstance): Promise<void> {
  await server.register(helmet, {
    global: false,
    // TLS ends in front of this process, if at all; over plain HTTP these two would break the pages.
    hsts: false,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  });
  server.addHook('onRequest', (request, reply, done) => {
    if ((request.routeOptions.url ?? decodedPathOf(request)).startsWith('/api/')) reply.headers(API_HEADERS);
    else reply.helmet();
    done();
  });
}
