import { isIPv4 } from 'node:net';
import { IsFlag, IsHttpUrl, IsText, ProcessEnv } from '@orderflow/platform/runtime/config';
import { IsIn, IsOptional, Matches, ValidateBy } from 'class-validator';

const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/** Only characters that mean nothing else in a content security policy. */
const ORIGIN = /^https?:\/\/[a-z\d.-]+(?::\d{1,5})?$/;

/** Plain HTTP is for this machine only. A path would match nothing that the page calls. */
function areOrigins(text: string): boolean {
  return text.split(',').every((part) => {
    const origin = part.trim().toLowerCase();
    if (!ORIGIN.test(origin) || !URL.canParse(origin)) return false;
    return origin.startsWith('https:') || (isPlain(origin) && isLoopback(new URL(origin).hostname));
  });
}

/** Who may use the API. */
export class IdentityEnv extends ProcessEnv {
  /** jwt: requests need an access token. off: anyone who reaches the port may do anything. */
  @IsIn(['off', 'jwt'], { message: 'AUTH_MODE must be off or jwt' })
  AUTH_MODE: 'off' | 'jwt' = 'off';

  /** The OpenID provider whose tokens are accepted: `iss` of the tokens, to the letter. */
  @IsHttpUrl('https://login.example.com/')
  OIDC_ISSUER?: string;

  /** This API's name at the provider: `aud` of the tokens. */
  @IsOptional()
  @Matches(VISIBLE, { message: 'OIDC_AUDIENCE must be 1 to 255 visible ASCII characters' })
  OIDC_AUDIENCE?: string;

  /** Where the provider's keys are; unset: its discovery document says so. */
  @IsHttpUrl('https://login.example.com/keys')
  OIDC_JWKS_URL?: string;

  /** The claim that holds the customer id. */
  @Matches(VISIBLE, { message: 'OIDC_CUSTOMER_CLAIM must be the name of a claim, such as sub' })
  OIDC_CUSTOMER_CLAIM = 'sub';

  /** What the provider puts in front of each scope, for example `orderflow/`. */
  @IsText()
  OIDC_SCOPE_PREFIX?: string;

  /** Whether tokens must have the type at+jwt (RFC 9068). Without it, an ID token for this audience is accepted, too. */
  @IsFlag()
  OIDC_REQUIRE_AT_JWT = true;

  /** Client id of the live page at the provider; unset: the page cannot sign in. */
  @IsOptional()
  @Matches(VISIBLE, { message: 'OIDC_PAGE_CLIENT_ID must be a client id: visible ASCII characters' })
  OIDC_PAGE_CLIENT_ID?: string;

  /** Further origins that the page calls to sign in, separated by commas: where the token endpoint is not the issuer's. */
  @IsOptional()
  @ValidateBy(
    { name: 'areOrigins', validator: { validate: (text) => areOrigins(String(text)) } },
    { message: 'OIDC_PAGE_ORIGINS must be https origins, separated by commas, such as https://login.example.com' },
  )
  OIDC_PAGE_ORIGINS?: string;

  /** The container's port is published on the loopback of its host only, as in compose.yaml. */
  @IsFlag()
  PUBLISHED_ON_LOOPBACK = false;
}

/** Whether only this machine reaches a listener on the host. */
function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

const isPlain = (url: string): boolean => new URL(url).protocol === 'http:';

/** Rules across several keys. Returns one sentence for each that does not hold. */
export function identityRules(config: Readonly<IdentityEnv>): string[] {
  const { AUTH_MODE, HOST, PUBLISHED_ON_LOOPBACK, OIDC_ISSUER: issuer, OIDC_JWKS_URL: jwksUrl } = config;
  if (AUTH_MODE === 'off') {
    if (isLoopback(HOST) || PUBLISHED_ON_LOOPBACK) return [];
    return [
      `AUTH_MODE is off, so everyone who reaches HOST=${HOST} could read and change everything: set AUTH_MODE=jwt with ` +
        'OIDC_ISSUER and OIDC_AUDIENCE, or HOST=127.0.0.1, or PUBLISHED_ON_LOOPBACK=true if this is a container whose port ' +
        'is published on 127.0.0.1 only',
    ];
  }
  const missing = (['OIDC_ISSUER', 'OIDC_AUDIENCE'] as const).filter((key) => config[key] === undefined);
  if (missing.length > 0 || issuer === undefined) return missing.map((key) => `AUTH_MODE=jwt needs ${key}`);
  const { hostname, search, hash, username, password } = new URL(issuer);
  const issuerIsHere = isLoopback(hostname);
  const problems: string[] = [];
  if (`${search}${hash}${username}${password}` !== '') {
    problems.push('OIDC_ISSUER must be a URL without a query, a fragment and credentials');
  }
  if (isPlain(issuer) && !issuerIsHere) problems.push('OIDC_ISSUER must be an https URL unless it is on this machine');
  if (jwksUrl !== undefined && isPlain(jwksUrl) && !issuerIsHere) {
    problems.push('OIDC_JWKS_URL must be an https URL unless OIDC_ISSUER is on this machine');
  }
  return problems;
}
