/** @import { Problem } from '@orderflow/contracts' */
/** @import { Session } from './session.js' */
import { renewTokens } from './provider.js';
import { hasExpired, isDue, sessionFrom } from './session.js';
import { forgetSession, keep, recallSession } from './tab-storage.js';

/** These answers say nothing about an earlier try of the same request. */
const UNDECIDED = [401, 403, 429];
/** No retry helps: the token, its scopes or the resource are missing. */
const FINAL = [401, 403, 404];

/** The API refused a request; the message is for people. `mayBeDone`: it may have done what was asked. */
export class RefusedError extends Error {
  /**
   * @param {number} status
   * @param {Partial<Problem>} problem
   */
  constructor(status, { detail = 'The API refused this.', errors = [] }) {
    super([detail, ...errors.map(({ path, message }) => (path ? `${path}: ${message}` : message))].join(' '));
    this.status = status;
    this.mayBeDone = status >= 500 || UNDECIDED.includes(status);
    this.isFinal = FINAL.includes(status);
  }
}

const EXPIRED = 'Your session has expired.';

/** @type {(sentence: string) => void} */
let onSessionEnd = () => {};

/** Calls back when the session has ended without a sign-out, with the reason. @param {(sentence: string) => void} listener */
export function whenSessionEnds(listener) {
  onSessionEnd = listener;
}

/** @param {string} sentence @returns {RefusedError} for the request that found it out */
function endSession(sentence) {
  forgetSession();
  onSessionEnd(sentence);
  return new RefusedError(401, { detail: sentence });
}

/** @type {Promise<void> | undefined} */
let renewing;

/** @param {Session} session @param {string} refreshToken */
async function renew(session, refreshToken) {
  const tokens = await renewTokens(refreshToken);
  // The person may have signed out meanwhile.
  if (recallSession()?.accessToken !== session.accessToken) return;
  if (tokens === undefined) throw endSession(EXPIRED);
  keep('session', sessionFrom(tokens, Date.now(), session));
}

/**
 * The access token for the next request, renewed if it is about to expire; undefined without a session.
 * @param {string} [refused] a token that the API has refused; it is the result if it cannot be renewed
 * @throws RefusedError when the session has ended, or cannot be renewed now
 */
export async function accessToken(refused) {
  const session = recallSession();
  if (session === undefined) return undefined;
  const isOver = hasExpired(session, Date.now());
  const isUsable = session.accessToken !== refused && !isOver;
  if (isUsable && !isDue(session, Date.now())) return session.accessToken;
  if (session.refreshToken === undefined) {
    if (isOver) throw endSession(EXPIRED);
    return session.accessToken;
  }
  try {
    // A refresh token may work only once, so all requests wait for the same renewal.
    renewing ??= renew(session, session.refreshToken).finally(() => (renewing = undefined));
    await renewing;
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    if (!isUsable)
      throw new RefusedError(503, { detail: 'The identity provider cannot be reached; try again shortly.' });
  }
  return recallSession()?.accessToken;
}

/** Whether the session has got another token since, or soon needs one. @param {string | undefined} token */
export function isOutdated(token) {
  const session = recallSession();
  return session !== undefined && (session.accessToken !== token || isDue(session, Date.now()));
}

/**
 * Sends a request with the access token, if there is one. A token that the API refuses is renewed once.
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<Response>} never 401 with a token
 * @throws RefusedError when the session has ended; another error if API or provider cannot be reached
 */
export async function request(path, init = {}) {
  /** @param {string | undefined} token */
  function send(token) {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    return fetch(path, { ...init, headers });
  }
  const token = await accessToken();
  const response = await send(token);
  if (response.status !== 401 || token === undefined) return response;
  const renewed = await accessToken(token);
  const again = renewed === token ? response : await send(renewed);
  if (again.status !== 401 || renewed === undefined) return again;
  const { detail = '' } = await problemOf(again);
  throw endSession(`Your session has ended. ${detail}`);
}

/** @param {Response} response @returns {Promise<Partial<Problem>>} */
async function problemOf(response) {
  const body = /** @type {unknown} */ (await response.json());
  return /** @type {Problem} */ (body);
}

/** @param {Response} response an answer that is not 2xx */
export const refusalOf = async (response) => new RefusedError(response.status, await problemOf(response));

/**
 * The body of the API's answer. Any other error than a refusal means that the API cannot be reached.
 * @template T
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<T>}
 */
export async function ask(path, init) {
  const response = await request(path, init);
  if (!response.ok) throw await refusalOf(response);
  const body = /** @type {unknown} */ (await response.json());
  return /** @type {T} */ (body);
}

/** What to show people about a failed request. @type {(error: unknown, unreachable: string) => string} */
export const problemIn = (error, unreachable) => (error instanceof RefusedError ? error.message : unreachable);
