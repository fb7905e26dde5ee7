/** The settings of the laptop's OpenID provider. */
import { AUDIENCE } from './registered.mjs';

/** As in `LOOPBACKS` of oidc-provider. */
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];
const MAX_TTL_SECONDS = 86_400;

/** @typedef {ReturnType<typeof readSettings>} Settings */

/**
 * @param {string} text @param {number} min @param {number} max
 */
function isWhole(text, min, max) {
  return /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max;
}

/**
 * Reads the environment.
 * @param {NodeJS.ProcessEnv} env
 * @throws Error with one sentence for each problem
 */
export function readSettings(env) {
  const value = (/** @type {string} */ name, /** @type {string} */ fallback) => env[name]?.trim() || fallback;
  const port = value('PORT', '3040');
  const host = value('HOST', '127.0.0.1');
  const issuer = value('OIDC_ISSUER', `http://localhost:${port}`);
  const ttl = value('ACCESS_TOKEN_TTL_SECONDS', '900');
  const problems = [];
  if (!isWhole(port, 1, 65_535)) problems.push('PORT must be a port, 1 to 65535.');
  if (!isWhole(ttl, 1, MAX_TTL_SECONDS)) {
    problems.push(`ACCESS_TOKEN_TTL_SECONDS must be a number of seconds, 1 to ${MAX_TTL_SECONDS}.`);
  }
  if (/:0$/.test(issuer)) problems.push('IDENTITY_PORT must not be 0: tokens carry the port of this provider.');
  const { protocol = '', hostname = '', origin = '' } = URL.parse(issuer) ?? {};
  if (protocol !== 'http:' || !LOOPBACK.includes(hostname) || origin !== issuer) {
    problems.push(`OIDC_ISSUER must be an address of this machine without a path, such as http://localhost:${port}.`);
  }
  if (!LOOPBACK.includes(host) && env['PUBLISHED_ON_LOOPBACK']?.trim() !== 'true') {
    problems.push(
      'This provider asks for no passwords, so HOST must be 127.0.0.1. In a container whose port is published on the ' +
        "host's loopback address only, set PUBLISHED_ON_LOOPBACK=true.",
    );
  }
  // Compose starts the API even if it does not ask for tokens.
  if (value('AUTH_MODE', 'jwt') !== 'jwt') {
    problems.push('The API would accept requests without a token. Set AUTH_MODE=jwt, and start both again.');
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return {
    ...{ port: Number(port), host, issuer, audience: value('OIDC_AUDIENCE', AUDIENCE) },
    accessTokenTtlSeconds: Number(ttl),
    /** Further names that requests may use. */
    allowedHosts: value('ALLOWED_HOSTS', '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  };
}
