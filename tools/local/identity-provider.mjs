/** The laptop's OpenID provider as a child process, and the settings of an API that trusts it. */
import { AUDIENCE, PAGE_CLIENT_ID, PEOPLE } from '../identity-provider/registered.mjs';
import { startIn, untilHealthy } from './embedded.mjs';
import { ofTheMachine } from './environment.mjs';

export const PROVIDER = 'identity-provider';

/** Browsers and tokens name it so. @param {number} port */
export const issuerAt = (port) => `http://localhost:${port}`;

/**
 * Starts it, and waits until it is ready.
 * @param {import('./embedded.mjs').Place} place @param {number} port @param {NodeJS.ProcessEnv} [env]
 */
export async function startProvider(place, port, env = process.env) {
  const { ACCESS_TOKEN_TTL_SECONDS } = env;
  const child = startIn(place, {
    name: PROVIDER,
    command: process.execPath,
    args: ['--no-warnings', `${place.root}tools/identity-provider/main.mjs`],
    env: { ...ofTheMachine(process.env), PORT: String(port), OIDC_ISSUER: issuerAt(port), ACCESS_TOKEN_TTL_SECONDS },
  });
  await untilHealthy(`http://127.0.0.1:${port}/health/ready`, child);
  return child;
}

/**
 * The variables of an API that trusts it. They replace all of those that the shell may have for another provider.
 * @param {number} port
 */
export function trustVariables(port) {
  return {
    ...{ AUTH_MODE: 'jwt', OIDC_ISSUER: issuerAt(port), OIDC_AUDIENCE: AUDIENCE },
    ...{ OIDC_JWKS_URL: `http://127.0.0.1:${port}/jwks`, OIDC_PAGE_CLIENT_ID: PAGE_CLIENT_ID },
    ...{ OIDC_CUSTOMER_CLAIM: 'sub', OIDC_SCOPE_PREFIX: '', OIDC_REQUIRE_AT_JWT: 'true' },
  };
}

/** Who can sign in, for people. */
export function whoCanSignIn() {
  return Object.entries(PEOPLE)
    .map(([name, { role }]) => `${name} (${role})`)
    .join(', ');
}
