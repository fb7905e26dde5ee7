/** @import { Session } from './session.js' */
/** @import { Draft } from './order-form.js' */

/**
 * What this tab keeps in sessionStorage. It survives a reload and the way to the provider and back, and ends with the
 * tab. localStorage would leave the tokens of closed tabs behind, and other tabs would share them. A cookie would reach
 * every server on this host, whatever its port. Every script of the page can read the tokens; its content security policy
 * allows only scripts of this origin.
 *
 * @typedef {object} Kept
 * @property {Session} session
 * @property {{ state: string, verifier: string }} signIn a sign-in that has begun: its state and PKCE verifier
 * @property {{ subject: string | undefined, order: Draft }} draft an order that was typed before the sign-in
 */

/** @param {keyof Kept} name */
const keyOf = (name) => `orderflow.${name}`;

/**
 * Undefined also if the browser allows the page no storage.
 * @template {keyof Kept} Name
 * @param {Name} name
 * @returns {Kept[Name] | undefined}
 */
function recall(name) {
  try {
    const kept = /** @type {unknown} */ (JSON.parse(sessionStorage.getItem(keyOf(name)) ?? 'null'));
    return /** @type {Kept[Name]} */ (kept ?? undefined);
  } catch {
    return undefined;
  }
}

/**
 * @template {keyof Kept} Name
 * @param {Name} name
 * @param {Kept[Name]} value
 */
export function keep(name, value) {
  sessionStorage.setItem(keyOf(name), JSON.stringify(value));
}

/** @param {keyof Kept} name */
export function forget(name) {
  try {
    sessionStorage.removeItem(keyOf(name));
  } catch {
    // Nothing was kept.
  }
}

/**
 * Recalls something once.
 * @template {keyof Kept} Name
 * @param {Name} name
 */
export function take(name) {
  const kept = recall(name);
  forget(name);
  return kept;
}

/**
 * A page that the browser kept to go back to can have an old copy of sessionStorage, with a session that has ended since.
 * The ids of the last ones that ended are in a cookie, which has no copies. An id is no secret.
 */
const ENDED_COOKIE = 'orderflow_ended';
const ENDED = /(?:^|;\s*)orderflow_ended=([\w.-]*)/;
const MAX_ENDED = 8;

const endedSessions = () => (ENDED.exec(document.cookie)?.[1] ?? '').split('.').filter(Boolean);

export function recallSession() {
  const session = recall('session');
  return session && !endedSessions().includes(session.id) ? session : undefined;
}

/** Ends the session in this tab, also in pages of it that the browser kept. */
export function forgetSession() {
  const session = recall('session');
  if (!session) return;
  const ids = [session.id, ...endedSessions().filter((id) => id !== session.id)].slice(0, MAX_ENDED);
  document.cookie = `${ENDED_COOKIE}=${ids.join('.')}; Path=${location.pathname}; SameSite=Strict`;
  forget('session');
}
