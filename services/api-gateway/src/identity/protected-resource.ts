import type { FastifyInstance } from 'fastify';
import { SCOPES } from './caller.js';
import type { IdentityEnv } from './identity-env.js';

/** https://www.rfc-editor.org/rfc/rfc9728#section-3 */
export const RESOURCE_PATH = '/.well-known/oauth-protected-resource';

/** Tells clients where to get a token. Without AUTH_MODE=jwt there is no such path: no token is needed. */
export function describeResource(server: FastifyInstance, config: Readonly<IdentityEnv>): void {
  if (config.AUTH_MODE === 'off') return;
  const document = {
    resource: config.OIDC_AUDIENCE,
    authorization_servers: [config.OIDC_ISSUER],
    scopes_supported: Object.keys(SCOPES).map((scope) => `${config.OIDC_SCOPE_PREFIX ?? ''}${scope}`),
    bearer_methods_supported: ['header'],
    // Our own: the client as which the live page signs in.
    page_client_id: config.OIDC_PAGE_CLIENT_ID,
  };
  server.get(RESOURCE_PATH, async (_, reply) => reply.header('cache-control', 'no-store').send(document));
}
