/** Checks that the API accepts the access tokens of its issuer. */
import { ACCESS_METADATA, createTokenSource, HOW_TO_BE_ALLOWED } from '../local/access-token.mjs';
import { request } from '../local/ask.mjs';
import { LocalError } from '../local/fail.mjs';
import { fail, ok, warn } from './check.mjs';

const CHECK = 'Access tokens';

/**
 * No check if the API asks for no tokens, or does not answer; other checks report that.
 * @param {string | undefined} api its URL @param {NodeJS.ProcessEnv} env @param {string} apiLog the command that shows its log
 * @returns {Promise<import('./check.mjs').Check[]>}
 */
export async function checkAccess(api, env, apiLog) {
  if (api === undefined) return [];
  const tokens = createTokenSource(api, env);
  let authorization;
  try {
    ({ authorization } = await tokens.headers());
  } catch (error) {
    return error instanceof LocalError ? [fail(CHECK, error.message, error.fix)] : [];
  }
  if (authorization === undefined) return [];
  const [metadata, answer] = await Promise.all([
    request(`${api}${ACCESS_METADATA}`),
    tokens.request('/api/orders?limit=1'),
  ]);
  const issuer = JSON.parse(metadata?.body || '{}').authorization_servers?.[0];
  if (answer?.status === 200) return [ok(CHECK, `the API accepts those of ${issuer}`)];
  const found = `the API answers ${answer?.status ?? 'nothing'} to a token of ${issuer}`;
  return answer?.status === 403 ? [warn(CHECK, found, HOW_TO_BE_ALLOWED)] : [fail(CHECK, found, apiLog)];
}
