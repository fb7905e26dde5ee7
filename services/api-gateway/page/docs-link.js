import { accessToken } from './api.js';
import { recallSession } from './tab-storage.js';

/** The API accepts it for documents, which a browser opens without an Authorization header. */
const COOKIE = 'orderflow_token';
/** For a token whose life is unknown. */
const LEAST_LIFE_S = 60;

/** @param {string} token @param {number} seconds 0 removes the cookie */
function setCookie(token, seconds) {
  const { pathname, protocol } = new URL('docs', location.href);
  const secure = protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${COOKIE}=${token}; Path=${pathname}; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

function lendToken() {
  const { accessToken: token, expiresAt } = recallSession() ?? {};
  if (token === undefined) return;
  const restMs = expiresAt === undefined ? LEAST_LIFE_S * 1_000 : expiresAt - Date.now();
  setCookie(token, Math.max(0, Math.floor(restMs / 1_000)));
}

export function forgetCookie() {
  setCookie('', 0);
}

/**
 * Lets an operator open the documents: the token is in a cookie from the moment that the link is used until the token
 * expires.
 * @param {HTMLAnchorElement} link
 */
export function lendTokenTo(link) {
  // A middle click and the menu open another tab, and cannot wait for a renewal.
  link.addEventListener('auxclick', lendToken);
  link.addEventListener('contextmenu', lendToken);
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      lendToken();
      return;
    }
    event.preventDefault();
    void accessToken()
      .catch(() => undefined)
      .then(() => {
        lendToken();
        location.assign(link.href);
      });
  });
}
