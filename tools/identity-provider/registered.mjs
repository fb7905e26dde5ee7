/** What the laptop's OpenID provider knows: scopes, clients and people. Nothing here is a secret. */

/** The scopes of the API. */
export const SCOPES = ['orders:read', 'orders:write', 'notifications:write', 'ops'];
const OF_CUSTOMERS = SCOPES.filter((scope) => scope !== 'ops');

/** The audience (`aud`) of access tokens for the API. */
export const AUDIENCE = 'urn:orderflow:api';

/** The live page: a public client, which proves itself by PKCE. */
export const PAGE_CLIENT_ID = 'orderflow-page';

/**
 * Programs, which get tokens by client credentials. `orderflow-checkout` is a customer with that customer id.
 * @satisfies {Record<string, { secret: string, scopes: string[] }>}
 */
export const PROGRAMS = {
  'orderflow-operator': { secret: 'orderflow-operator', scopes: SCOPES },
  'orderflow-checkout': { secret: 'orderflow-checkout', scopes: OF_CUSTOMERS },
};

/**
 * People by their name, which is the subject of their tokens and the customer's id.
 * @type {Readonly<Record<string, { role: string, scopes: string[] }>>}
 */
export const PEOPLE = {
  alice: { role: 'customer', scopes: OF_CUSTOMERS },
  bob: { role: 'customer', scopes: OF_CUSTOMERS },
  olga: { role: 'operator', scopes: SCOPES },
};
