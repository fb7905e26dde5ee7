import { loadConfig } from '../../../services/api-gateway/src/config.js';
import type { ApiProblem } from '../../../services/api-gateway/src/http/problems/api-problem.js';
import { createAccessTokens } from '../../../services/api-gateway/src/identity/access-tokens.js';
import type { Caller } from '../../../services/api-gateway/src/identity/caller.js';
import { createIssuerKeys } from '../../../services/api-gateway/src/identity/issuer-keys.js';
import { ownedTime } from '../owned-time.js';
import { createRecordingLogger } from '../recording-logger.js';
import { createIssuer, ISSUER, JWT_MODE } from './issuer.js';
import { NOW_MS } from './start-api.js';

/** The verification of tokens without an application. */
export async function startTokens(env: NodeJS.ProcessEnv = {}) {
  const issuer = await createIssuer();
  /** The wall clock is off by `wallIsOffByMs`. */
  const time = { ms: NOW_MS, wallIsOffByMs: 0 };
  const { logger } = createRecordingLogger();
  const monotonic = ownedTime(() => time.ms);
  const keys = createIssuerKeys({ issuer: ISSUER, jwksUrl: undefined, monotonic, logger, fetch: issuer.fetch });
  await keys.check();
  const tokens = createAccessTokens(loadConfig({ ...JWT_MODE, ...env }), keys, () => time.ms + time.wallIsOffByMs);

  /** The caller, or why the token is refused. */
  const verify = (token: string): Promise<Caller | string> =>
    tokens.verify(token).catch((error: unknown) => {
      const { code, detail } = error as ApiProblem;
      return code === 'TOKEN_INVALID' ? detail.replace('The access token is not valid: ', '') : code;
    });
  const verifyNew = async (...of: Parameters<typeof issuer.sign>) => verify(await issuer.sign(...of));
  return { ...issuer, time, tokens, verify, verifyNew };
}
