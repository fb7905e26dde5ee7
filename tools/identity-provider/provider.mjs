/** The configuration of oidc-provider: https://github.com/panva/node-oidc-provider/blob/v9.x/docs/README.md */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { errors, interactionPolicy, Provider } from 'oidc-provider';
import { errorPage, signedOutPage, signOutPage } from './pages.mjs';
import { PAGE_CLIENT_ID, PEOPLE, PROGRAMS, SCOPES } from './registered.mjs';

const SESSION_SECONDS = 8 * 3_600;
const OF_IDENTITY = ['openid', 'profile'];

/** A new key, which signs the tokens of this process only. */
function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

/** The page at `/`, on loopback. Any port matches: https://www.rfc-editor.org/rfc/rfc8252#section-7.3 */
const PAGE_URLS = ['http://localhost/', 'http://127.0.0.1/'];

/** @returns {import('oidc-provider').ClientMetadata[]} */
function clients() {
  const programs = Object.entries(PROGRAMS).map(([id, { secret, scopes }]) => ({
    ...{ client_id: id, client_secret: secret, scope: scopes.join(' ') },
    ...{ grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
  }));
  const page = {
    ...{ client_id: PAGE_CLIENT_ID, client_name: 'the live page', token_endpoint_auth_method: 'none' },
    ...{ application_type: 'native', redirect_uris: PAGE_URLS, post_logout_redirect_uris: PAGE_URLS },
    ...{ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
  };
  return /** @type {import('oidc-provider').ClientMetadata[]} */ ([...programs, page]);
}

/** Whether it is the origin of a page on this machine. @param {string} origin */
function isLoopbackOrigin(origin) {
  return /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/.test(origin);
}

/** @param {import('./settings.mjs').Settings} settings */
export function createProvider({ issuer, audience, port, accessTokenTtlSeconds }) {
  const resourceServer = {
    ...{ audience, scope: SCOPES.join(' '), accessTokenTTL: accessTokenTtlSeconds },
    ...{ accessTokenFormat: /** @type {const} */ ('jwt'), jwt: { sign: { alg: /** @type {const} */ ('RS256') } } },
  };
  const policy = interactionPolicy.base();
  // A person who signs in consents: the only client with a sign-in belongs to the system.
  policy.remove('consent');
  // Cookies ignore the port: two providers on one machine would overwrite each other's.
  const cookie = (/** @type {string} */ name) => `identity_${name}_${port}`;

  return new Provider(issuer, {
    clients: clients(),
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    jwks: { keys: [signingKey()] },
    scopes: [...OF_IDENTITY, ...SCOPES],
    claims: { openid: ['sub'], profile: ['name'] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      // Access tokens are JWTs for the API (RFC 9068), even if a client names no resource (RFC 8707).
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => {
          if (resource !== audience) throw new errors.InvalidTarget();
          return resourceServer;
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => void (ctx.body = signOutPage(ctx.oidc.session?.accountId, form)),
        postLogoutSuccessSource: (ctx) => void (ctx.body = signedOutPage()),
      },
    },
    interactions: { policy, url: (_, { uid }) => `/sign-in/${uid}` },
    cookies: {
      keys: [randomBytes(32).toString('hex')],
      names: { session: cookie('session'), interaction: cookie('interaction'), resume: cookie('resume') },
    },
    ttl: {
      AccessToken: accessTokenTtlSeconds,
      ClientCredentials: accessTokenTtlSeconds,
      AuthorizationCode: 60,
      IdToken: 3_600,
      ...{ Interaction: 3_600, Session: SESSION_SECONDS, Grant: SESSION_SECONDS, RefreshToken: SESSION_SECONDS },
    },
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    findAccount: (_, id) =>
      Object.hasOwn(PEOPLE, id) ? { accountId: id, claims: () => ({ sub: id, name: id }) } : undefined,
    async loadExistingGrant({ oidc }) {
      const { client, session, account, provider } = oidc;
      const known = client && session?.grantIdFor(client.clientId);
      const existing = known ? await provider.Grant.find(known) : undefined;
      if (existing || !client || !account) return existing;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
      grant.addOIDCScope(OF_IDENTITY.join(' '));
      grant.addResourceScope(audience, PEOPLE[account.accountId]?.scopes.join(' ') ?? '');
      await grant.save();
      return grant;
    },
    clientBasedCORS: (_, origin, client) => client.clientId === PAGE_CLIENT_ID && isLoopbackOrigin(origin),
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = errorPage(out.error_description ?? out.error);
    },
  });
}
