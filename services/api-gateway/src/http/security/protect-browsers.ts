import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { decodedPathOf } from '../requests/request-path.js';

/**
 * Headers of data: browsers must not run, frame or sniff it. From OWASP's list for REST APIs:
 * https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
export const API_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Security headers. Only documents get helmet's full set, which costs more than validating an order. */
export async function protectBrowsers(server: FastifyInstance): Promise<void> {
  await server.register(helmet, {
    global: false,
    // TLS, if any, ends in front of this process. Over plain HTTP these two would break the pages.
    hsts: false,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  });
  server.addHook('onRequest', (request, reply, done) => {
    if ((request.routeOptions.url ?? decodedPathOf(request)).startsWith('/api/')) reply.headers(API_HEADERS);
    else reply.helmet();
    done();
  });
}
