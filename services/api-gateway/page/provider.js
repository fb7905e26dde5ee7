/** @import { AuthorizationServer, Client, TokenEndpointResponse } from 'oauth4webapi' */
import { keep, take } from './tab-storage.js';

/** The API names the provider here: https://www.rfc-editor.org/rfc/rfc9728#section-2 */
const RESOURCE_PATH = '.well-known/oauth-protected-resource';

/**
 * @typedef {object} Resource
 * @property {string} resource
 * @property {[string]} authorization_servers
 * @property {string[]} scopes_supported
 * @property {string} [page_client_id]
 *
 * @typedef {object} Provider
 * @property {typeof import('oauth4webapi')} oauth
 * @property {Resource} resource
 * @property {AuthorizationServer} server
 * @property {Client} client
 * @property {{ [allowInsecureRequests: symbol]: boolean, signal: () => AbortSignal }} options
 */

/** A provider that does not answer for this long is away. */
const ANSWERS_WITHIN_MS = 10_000;

/** A sentence for people about a sign-in that did not work. */
export class SignInError extends Error {}

/** The page's own address, without the parts that a sign-in adds. */
const pageUrl = () => location.origin + location.pathname;

/** @returns {Promise<Resource>} */
async function readResource() {
  const response = await fetch(RESOURCE_PATH);
  if (!response.ok) throw new SignInError('The API does not say where to sign in.');
  const body = /** @type {unknown} */ (await response.json());
  return /** @type {Resource} */ (body);
}

/** @param {string} host */
const isLoopback = (host) => host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);

/** @returns {Promise<Provider>} */
async function readProvider() {
  const [oauth, resource] = await Promise.all([import('./oauth4webapi/index.js'), readResource()]);
  const issuer = new URL(resource.authorization_servers[0]);
  const options = {
    [oauth.allowInsecureRequests]: isLoopback(issuer.hostname),
    signal: () => AbortSignal.timeout(ANSWERS_WITHIN_MS),
  };
  try {
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
    return { oauth, resource, server, client: { client_id: resource.page_client_id ?? '' }, options };
  } catch (error) {
    throw new SignInError(`The identity provider at ${issuer.origin} cannot be used: ${messageOf(error)}.`);
  }
}

/** Read once, unless that failed. @type {Promise<Provider> | undefined} */
let known;

function provider() {
  known ??= readProvider().catch((/** @type {unknown} */ error) => {
    known = undefined;
    throw error;
  });
  return known;
}

/** @param {unknown} error */
function messageOf(error) {
  // The message of a failed fetch differs between browsers.
  if (error instanceof TypeError || error instanceof DOMException) return 'it does not answer';
  return error instanceof Error ? error.message : String(error);
}

/** Why nobody can sign in here; undefined if it is possible. */
export async function whyNoSignIn() {
  const { page_client_id: clientId, authorization_servers: issuers } = await readResource();
  if (clientId === undefined) {
    return `Signing in is not set up. Register this page at ${issuers[0]} as a public client with the redirect URI ${pageUrl()}, and set OIDC_PAGE_CLIENT_ID of the API to its client id.`;
  }
  // Browsers have crypto.subtle, which PKCE needs, only there.
  return isSecureContext ? undefined : 'Signing in needs HTTPS, or an address of this machine such as localhost.';
}

/**
 * The address at which the person signs in: authorization code with PKCE.
 * https://www.rfc-editor.org/rfc/rfc7636, https://www.rfc-editor.org/rfc/rfc8707
 */
export async function beginSignIn() {
  const { oauth, resource, server, client } = await provider();
  if (server.authorization_endpoint === undefined) throw new SignInError('The identity provider has no sign-in page.');
  const signIn = { state: oauth.generateRandomState(), verifier: oauth.generateRandomCodeVerifier() };
  try {
    keep('signIn', signIn);
  } catch {
    throw new SignInError('Your browser lets this page keep nothing. Allow it to store data, and try again.');
  }
  const url = new URL(server.authorization_endpoint);
  const parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: pageUrl(),
    scope: resource.scopes_supported.join(' '),
    state: signIn.state,
    code_challenge: await oauth.calculatePKCECodeChallenge(signIn.verifier),
    code_challenge_method: 'S256',
    resource: resource.resource,
    // Auth0's name for it. Others ignore it: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
    audience: resource.resource,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

/**
 * The answer of the provider, if it sent the browser here. It leaves the address bar and the history at once.
 * @returns {URLSearchParams | undefined}
 */
export function takeSignInAnswer() {
  const { searchParams } = new URL(location.href);
  const isAnswer = searchParams.has('state') && (searchParams.has('code') || searchParams.has('error'));
  if (!isAnswer) return undefined;
  history.replaceState(null, '', pageUrl());
  return searchParams;
}

/**
 * @param {URLSearchParams} answer
 * @returns {Promise<{ id: string, tokens: TokenEndpointResponse }>} with an id of the new session
 * @throws SignInError
 */
export async function completeSignIn(answer) {
  const begun = take('signIn');
  if (begun === undefined) throw new SignInError('This sign-in was not begun in this tab. Sign in again.');
  const { oauth, resource, server, client, options } = await provider();
  try {
    const valid = oauth.validateAuthResponse(server, client, answer, begun.state);
    const response = await oauth.authorizationCodeGrantRequest(
      ...[server, client, oauth.None(), valid, pageUrl(), begun.verifier],
      { ...options, additionalParameters: { resource: resource.resource } },
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response);
    // Random, and used once.
    return { id: begun.state.slice(0, 16), tokens };
  } catch (error) {
    const { error: code = '', error_description: said = '' } = /** @type {Record<string, string>} */ (error);
    if (code === 'access_denied') throw new SignInError('The sign-in was cancelled.');
    throw new SignInError(`The sign-in did not work: ${said || code || messageOf(error)}.`);
  }
}

/**
 * @param {string} refreshToken
 * @returns {Promise<TokenEndpointResponse | undefined>} undefined if the provider refuses to renew the session
 * @throws if the provider cannot be reached
 */
export async function renewTokens(refreshToken) {
  const { oauth, resource, server, client, options } = await provider();
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, {
    ...options,
    additionalParameters: { resource: resource.resource },
  });
  try {
    return await oauth.processRefreshTokenResponse(server, client, response);
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return undefined;
    throw error;
  }
}

/**
 * The address at which the provider ends its own session, if it has one.
 * https://openid.net/specs/openid-connect-rpinitiated-1_0.html
 */
export async function endOfSession() {
  const { server, client } = await provider();
  if (server.end_session_endpoint === undefined) return undefined;
  const url = new URL(server.end_session_endpoint);
  url.searchParams.set('client_id', client.client_id);
  url.searchParams.set('post_logout_redirect_uri', pageUrl());
  return url;
}
