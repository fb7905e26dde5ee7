/**
 * Access tokens for tools that call the API. The API says whether it needs one, and of which issuer:
 * https://www.rfc-editor.org/rfc/rfc9728. The token is for a program, by client credentials.
 */
import { PROGRAMS } from '../identity-provider/registered.mjs';
import { request } from './ask.mjs';
import { LocalError } from './fail.mjs';

/**
 * @typedef {Readonly<Record<string, string>>} Headers
 * @typedef {object} TokenSource for one API
 * @property {() => Promise<Headers>} headers what a request needs: nothing, or `authorization`
 * @property {() => void} forget the API has refused the token: the next request gets a new one
 * @property {(path: string, init?: Parameters<typeof request>[1]) => ReturnType<typeof request>} request like that of
 *   ask.mjs, with these headers
 * @typedef {{ headers: Headers, renewAt: number }} Held `renewAt` by performance.now()
 */

export const ACCESS_METADATA = '/.well-known/oauth-protected-resource';
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
/** The client of tools on a laptop. */
const LAPTOP = { id: 'orderflow-operator', secret: PROGRAMS['orderflow-operator'].secret };
/** A token is renewed before it expires: after most of its life, and at least this long before. */
const RENEWED = { afterShare: 0.8, beforeMs: 5_000 };
/** If the issuer does not say, as in an example of https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
const DEFAULT_SECONDS = 300;

/** What to do when the API refuses a token or its scopes. */
export const HOW_TO_BE_ALLOWED =
  'set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET to a client of the issuer that has the scopes which the API asks for.';

/** @param {string} url */
const isLoopback = (url) => LOOPBACK.includes(new URL(url).hostname);

/** @param {string} text @returns {any} undefined if it is not JSON */
function parse(text) {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The address of the issuer's token endpoint. @param {string} issuer @param {string} api */
async function findTokenEndpoint(issuer, api) {
  const answer = await request(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { issuer: named, token_endpoint: endpoint } = (answer?.status === 200 && parse(answer.body)) || {};
  if (named === issuer && URL.canParse(endpoint)) return String(endpoint);
  const found = answer ? `answers ${answer.status} without its OpenID configuration` : 'does not answer';
  throw new LocalError(
    `The API at ${api} asks for an access token of ${issuer}, which ${found}.`,
    isLoopback(issuer)
      ? 'start the provider: npm run local -- --auth, or AUTH_MODE=jwt docker compose --profile auth up --wait'
      : 'check OIDC_ISSUER of the API.',
  );
}

/**
 * The client to use. A client of the shell gets its token from the issuer that the shell names, if it names one: an API
 * could name an issuer that collects secrets.
 * @param {string} issuer @param {string} api @param {NodeJS.ProcessEnv} env
 */
function chooseClient(issuer, api, env) {
  const [id, secret, expected] = ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'OIDC_ISSUER'].map((name) =>
    env[name]?.trim(),
  );
  const asked = `The API at ${api} asks for an access token of ${issuer}`;
  if (!URL.canParse(issuer) || (new URL(issuer).protocol !== 'https:' && !isLoopback(issuer))) {
    throw new LocalError(`${asked}, which is not an https URL.`, 'check OIDC_ISSUER of the API.');
  }
  if (id && secret) {
    if (!expected || expected === issuer) return { id, secret };
    throw new LocalError(`${asked}, but OIDC_ISSUER is ${expected}.`, 'correct OIDC_ISSUER, or call another API.');
  }
  if (!id && !secret && isLoopback(issuer)) return LAPTOP;
  throw new LocalError(`${asked}, and no client is set.`, HOW_TO_BE_ALLOWED);
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 @param {string} text */
const encoded = (text) => new URLSearchParams({ v: text }).toString().slice(2);

/**
 * Gets a token by client credentials: https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @param {string} api @param {any} metadata of the API @param {NodeJS.ProcessEnv} env @returns {Promise<Held>}
 */
async function getToken(api, metadata, env) {
  const issuer = String(metadata?.authorization_servers?.[0] ?? '');
  const client = chooseClient(issuer, api, env);
  const endpoint = await findTokenEndpoint(issuer, api);
  const audience = String(metadata.resource);
  const scope = env['OIDC_SCOPE']?.trim() || [metadata.scopes_supported ?? []].flat().join(' ');
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    // Providers know the API by one of the two: RFC 8707, or as Auth0 does.
    ...{ resource: audience, audience },
    ...(scope && { scope }),
  });
  const answer = await request(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${encoded(client.id)}:${encoded(client.secret)}`).toString('base64')}`,
    },
    body: form.toString(),
  });
  const said = parse(answer?.body ?? '') ?? {};
  if (answer?.status === 200 && typeof said.access_token === 'string') {
    const ms = (Number(said.expires_in) || DEFAULT_SECONDS) * 1_000;
    const heldMs = Math.min(ms * RENEWED.afterShare, ms - RENEWED.beforeMs);
    return { headers: { authorization: `Bearer ${said.access_token}` }, renewAt: performance.now() + heldMs };
  }
  const reason = answer
    ? [said.error ?? answer.status, said.error_description].filter(Boolean).join(': ')
    : 'no answer';
  throw new LocalError(
    `${issuer} gave the client ${client.id} no access token (${reason}).`,
    said.error === 'invalid_scope'
      ? `set OIDC_SCOPE to the scopes that this client has, separated by spaces. It asked for: ${scope}`
      : HOW_TO_BE_ALLOWED,
  );
}

/**
 * @param {string} api its URL, without a slash at the end @param {NodeJS.ProcessEnv} [env]
 * @returns {TokenSource} whose `headers` rejects with a LocalError when no token can be got, and with another error while
 * the API does not answer
 */
export function createTokenSource(api, env = process.env) {
  /** @type {Promise<Held> | undefined} */
  let held;
  let renewAt = Infinity;

  /** @returns {Promise<Held>} */
  async function find() {
    const answer = await request(`${api}${ACCESS_METADATA}`);
    if (answer?.status === 200) return getToken(api, parse(answer.body), env);
    if (answer && answer.status < 500 && answer.status !== 429) return { headers: {}, renewAt: Infinity };
    throw new Error(answer ? `${api} answers ${answer.status}` : `${api} does not answer`);
  }

  async function headers() {
    if (performance.now() >= renewAt) held = undefined;
    if (!held) {
      renewAt = Infinity;
      const finding = find();
      held = finding;
      finding.then(
        (found) => {
          if (held === finding) renewAt = found.renewAt;
        },
        () => {
          if (held === finding) held = undefined;
        },
      );
    }
    return (await held).headers;
  }

  function forget() {
    held = undefined;
  }

  /** @type {TokenSource['request']} */
  async function requestWithToken(path, init) {
    const send = async () => request(`${api}${path}`, { ...init, headers: { ...init?.headers, ...(await headers()) } });
    try {
      const answer = await send();
      if (answer?.status !== 401) return answer;
      // For example, the computer slept while the token expired.
      forget();
      return await send();
    } catch (error) {
      if (error instanceof LocalError) throw error;
      return undefined;
    }
  }
  return { headers, forget, request: requestWithToken };
}
