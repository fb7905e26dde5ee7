/** @import { TokenEndpointResponse } from 'oauth4webapi' */

/**
 * What a sign-in gave, with an id of our own. Times are epoch ms of this machine's clock; they are absent if the provider does not say how long
 * the token is valid.
 * @typedef {{ id: string, accessToken: string, refreshToken?: string, renewAt?: number, expiresAt?: number }} Session
 */

/** A token is renewed this long before it expires, or in the middle of a short life. */
const RENEW_BEFORE_S = 30;

/**
 * A provider that sends no new refresh token lets the client keep the one it has:
 * https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @param {Pick<TokenEndpointResponse, 'access_token' | 'refresh_token' | 'expires_in'>} answer
 * @param {number} now
 * @param {Pick<Session, 'id' | 'refreshToken'>} before the session that is renewed, or the id of a new one
 * @returns {Session}
 */
export function sessionFrom({ access_token: accessToken, refresh_token: given, expires_in: seconds }, now, before) {
  const { id, refreshToken: kept } = before;
  const refreshToken = given ?? kept;
  const session = { id, accessToken, ...(refreshToken === undefined ? {} : { refreshToken }) };
  if (seconds === undefined) return session;
  const renewAt = now + Math.max(seconds - RENEW_BEFORE_S, seconds / 2) * 1_000;
  return { ...session, renewAt, expiresAt: now + seconds * 1_000 };
}

/** @type {(session: Session, now: number) => boolean} */
export const isDue = ({ renewAt = Infinity }, now) => now >= renewAt;

/** @type {(session: Session, now: number) => boolean} */
export const hasExpired = ({ expiresAt = Infinity }, now) => now >= expiresAt;
