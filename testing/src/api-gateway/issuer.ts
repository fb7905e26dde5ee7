import { exportJWK, generateKeyPair, SignJWT, type JWTHeaderParameters } from 'jose';
import { NOW_MS } from './start-api.js';

export const ISSUER = 'https://login.test/';
export const AUDIENCE = 'urn:orderflow:test';

/** Settings of an API that trusts the issuer. */
export const JWT_MODE = { AUTH_MODE: 'jwt', OIDC_ISSUER: ISSUER, OIDC_AUDIENCE: AUDIENCE };

export type IssuerKey = Awaited<ReturnType<typeof newKey>>;

export async function newKey(kid: string, alg = 'ES256') {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' } };
}

type State = {
  keys: IssuerKey[];
  /** JWKs that the issuer lists before its keys. */
  others: object[];
  isAway: boolean;
  /** Answers in place of the issuer; undefined: the issuer's own answer. */
  answer: (url: string, init?: RequestInit) => Response | Promise<Response> | undefined;
  /** URLs of all requests. */
  asked: string[];
};

/** An OpenID provider without a network: the API reads its keys through `fetch`. */
export async function createIssuer() {
  const first = await newKey('first');
  const state: State = { keys: [first], others: [], isAway: false, answer: () => undefined, asked: [] };

  const fetch = ((input: string, init?: RequestInit) => {
    state.asked.push(input);
    if (state.isAway) return Promise.reject(new TypeError('fetch failed'));
    const answer = state.answer(input, init);
    if (answer) return Promise.resolve(answer);
    const isDiscovery = input.endsWith('/.well-known/openid-configuration');
    const body = isDiscovery
      ? { issuer: ISSUER, jwks_uri: `${ISSUER}keys` }
      : { keys: [...state.others, ...state.keys.map(({ jwk }) => jwk)] };
    return Promise.resolve(Response.json(body));
  }) as typeof globalThis.fetch;

  /** A valid token, unless the claims or the header say otherwise; `undefined` leaves a claim out. */
  function sign(
    claims: Record<string, unknown> = {},
    { key = first, ...header }: Partial<JWTHeaderParameters> & { key?: IssuerKey } = {},
  ): Promise<string> {
    const now = Math.floor(NOW_MS / 1_000);
    const payload: Record<string, unknown> = {
      ...{ iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 900, client_id: 'page' },
      scope: 'orders:read orders:write notifications:write',
      ...claims,
    };
    const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
    return new SignJWT(given)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
      .sign(key.privateKey);
  }

  return {
    first,
    state,
    fetch,
    sign,
    /** The header of a request by a customer, or with other claims. */
    as: async (claims: Record<string, unknown> = {}) => ({ authorization: `Bearer ${await sign(claims)}` }),
  };
}

/** Claims of an operator. */
export const OPERATOR = { sub: 'olga', scope: 'ops orders:read orders:write notifications:write' };
