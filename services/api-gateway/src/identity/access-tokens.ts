import { createHash } from 'node:crypto';
import { isReference } from '@orderflow/contracts';
import type { Clock } from '@orderflow/platform/runtime/clock';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { ApiProblem } from '../http/problems/api-problem.js';
import { SCOPES, type Caller, type Scope } from './caller.js';
import type { IdentityEnv } from './identity-env.js';
import { KeysUnavailableError, type IssuerKeys } from './issuer-keys.js';

/** Asymmetric only: a public key must never work as the secret of an HMAC. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Seconds by which the clocks of issuer and API may differ. */
const LEEWAY_S = 60;
const MAX_TOKEN_LENGTH = 8_192;
/** Verified tokens that are remembered. The least recently used ones are verified again. */
const MAX_REMEMBERED = 10_000;

export type AccessTokens = {
  /** The caller of a token that was verified before and is still valid. */
  remembered: (token: string) => Caller | undefined;
  /** @throws ApiProblem TOKEN_INVALID, KEYS_UNAVAILABLE */
  verify: (token: string) => Promise<Caller>;
};

const invalid = (why: string): ApiProblem => new ApiProblem('TOKEN_INVALID', `The access token is not valid: ${why}.`);

function whyInvalid(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf' ? 'it is not valid yet' : `its ${error.claim} is missing or wrong`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return `its algorithm must be one of ${ALGORITHMS.join(', ')}`;
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'several keys of the issuer match it';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the issuer has no such key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  return 'it is not a JWT that this API understands';
}

/** `scope` is a list separated by spaces: https://www.rfc-editor.org/rfc/rfc8693#section-4.2 */
function scopesOf({ scope }: JWTPayload, prefix: string): ReadonlySet<Scope> {
  const named = typeof scope === 'string' ? scope.split(' ') : [];
  const own = named.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  return new Set((Object.keys(SCOPES) as Scope[]).filter((known) => own.includes(known)));
}

function callerOf(claims: JWTPayload, config: Readonly<IdentityEnv>): Caller {
  const { sub: subject, exp = 0 } = claims;
  if (typeof subject !== 'string' || subject === '') throw invalid('its sub is missing or wrong');
  const scopes = scopesOf(claims, config.OIDC_SCOPE_PREFIX ?? '');
  const caller = { subject, scopes, expiresAt: exp * 1_000 };
  if (scopes.has('ops')) return caller;
  const { OIDC_CUSTOMER_CLAIM: claim } = config;
  const customerId = claims[claim];
  if (!isReference(customerId)) throw invalid(`its claim ${claim} is not the id of a customer`);
  return { ...caller, customerId };
}

/**
 * Verifies access tokens (RFC 9068). Each token is verified once and remembered by its hash until it expires or the
 * issuer's keys change.
 */
export function createAccessTokens(config: Readonly<IdentityEnv>, keys: IssuerKeys, now: Clock): AccessTokens {
  const { OIDC_ISSUER: issuer = '', OIDC_AUDIENCE: audience = '', OIDC_REQUIRE_AT_JWT: requiresType } = config;
  const callers = new Map<string, Caller>();
  let version = keys.version();

  const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64');

  function remember(hash: string, caller: Caller): void {
    callers.set(hash, caller);
    const [oldest] = callers.keys();
    if (callers.size > MAX_REMEMBERED && oldest !== undefined) callers.delete(oldest);
  }

  return {
    remembered: (token) => {
      const areRecent = keys.refresh();
      if (version !== keys.version()) {
        // The key of any of them may have been removed.
        callers.clear();
        version = keys.version();
      }
      if (!areRecent) return undefined;
      const hash = hashOf(token);
      const caller = callers.get(hash);
      if (!caller) return undefined;
      callers.delete(hash);
      if (now() >= (caller.expiresAt ?? 0) + LEEWAY_S * 1_000) return undefined;
      callers.set(hash, caller);
      return caller;
    },
    verify: async (token) => {
      if (token.length > MAX_TOKEN_LENGTH) throw invalid(`it is longer than ${MAX_TOKEN_LENGTH} characters`);
      const usedVersion = keys.version();
      try {
        const { payload } = await jwtVerify(token, keys.keyOf, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: LEEWAY_S,
          requiredClaims: ['exp', 'sub'],
          currentDate: new Date(now()),
          ...(requiresType ? { typ: 'at+jwt' } : {}),
        });
        const caller = callerOf(payload, config);
        if (usedVersion === keys.version()) remember(hashOf(token), caller);
        return caller;
      } catch (error) {
        if (error instanceof ApiProblem) throw error;
        if (error instanceof KeysUnavailableError) {
          throw new ApiProblem('KEYS_UNAVAILABLE', 'The keys of the token issuer cannot be read. Try again shortly.');
        }
        if (error instanceof errors.JOSEError) throw invalid(whyInvalid(error));
        throw invalid('it cannot be verified');
      }
    },
  };
}
