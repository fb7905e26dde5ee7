import { CheckError } from '@orderflow/platform/health/reasons';
import type { MonotonicClock, Stopwatch } from '@orderflow/platform/runtime/clock';
import { toError } from '@orderflow/platform/runtime/errors';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** How often the issuer is asked, at most. New keys are used, and removed keys refused, this long after the change. */
const REFRESH_MS = 60_000;
/** Pause between attempts as long as there are no keys at all. */
const RETRY_MS = 2_000;
/** For discovery and keys together. */
const ANSWER_WITHIN_MS = 5_000;
const MAX_ANSWER_BYTES = 262_144;
/** Without requests, no one asks in the background: keys that were read longer ago than this may have been removed. */
const OUTDATED_MS = REFRESH_MS + ANSWER_WITHIN_MS;
/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
const DISCOVERY = '/.well-known/openid-configuration';

/** The issuer's keys have never been read. */
export class KeysUnavailableError extends CheckError {
  override readonly name = 'KeysUnavailableError';
}

export type IssuerKeys = {
  /** Finds the key of a token, for jose. @throws KeysUnavailableError; errors.JWKSNoMatchingKey */
  keyOf: JWTVerifyGetKey;
  /** Looks for changes in the background, if it is time. @returns whether the keys are recent; keyOf waits until they are */
  refresh: () => boolean;
  /** Changes with each change of the keys. */
  version: () => number;
  /** For readiness. @throws KeysUnavailableError */
  check: () => Promise<void>;
};

type Options = {
  issuer: string;
  /** Undefined: discovery names it. */
  jwksUrl: string | undefined;
  monotonic: MonotonicClock;
  logger: Logger;
  fetch?: typeof globalThis.fetch | undefined;
};

async function readJson(fetch: typeof globalThis.fetch, url: string, signal: AbortSignal): Promise<unknown> {
  // A redirect could lead to keys of someone else.
  const answer = await fetch(url, { redirect: 'error', signal });
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new Error(`${url} answers ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = answer.body;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`${url} answers with more than ${MAX_ANSWER_BYTES} bytes`);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

/**
 * Keeps the issuer's keys (RFC 7517). jose's own remote set asks again for each unknown key while the issuer fails, and
 * forgets its keys after a while. This one asks once a minute at most, and goes on with the keys it has.
 */
export function createIssuerKeys({
  issuer,
  jwksUrl,
  monotonic,
  logger,
  fetch = globalThis.fetch,
}: Options): IssuerKeys {
  let keys: { text: string; keyOf: JWTVerifyGetKey } | undefined;
  let version = 0;
  let sinceAskedMs: Stopwatch | undefined;
  let sinceAnsweredMs: Stopwatch | undefined;
  let asking: Promise<void> | undefined;
  let discovered = jwksUrl;
  let failing = false;

  async function discover(signal: AbortSignal): Promise<string> {
    const document = await readJson(fetch, `${issuer.replace(/\/$/, '')}${DISCOVERY}`, signal);
    const { issuer: named, jwks_uri: url } = document as Record<string, unknown>;
    if (named !== issuer) throw new Error(`the issuer at OIDC_ISSUER calls itself ${String(named).slice(0, 200)}`);
    if (typeof url !== 'string' || !URL.canParse(url)) throw new Error('the discovery document has no jwks_uri');
    const isProtected = new URL(url).protocol === 'https:' || new URL(issuer).protocol === 'http:';
    if (!isProtected) throw new Error('the jwks_uri of the discovery document is not an https URL');
    return url;
  }

  async function read(): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    try {
      discovered ??= await discover(signal);
      const found = (await readJson(fetch, discovered, signal)) as JSONWebKeySet;
      const text = JSON.stringify(found);
      if (text !== keys?.text) {
        keys = { text, keyOf: createLocalJWKSet(found) };
        version += 1;
        logger.info('keys of the issuer have changed', { issuer, keys: found.keys.length });
      }
      failing = false;
    } catch (thrown) {
      // The keys may have moved.
      discovered = jwksUrl;
      if (!failing) logger.warn('keys of the issuer cannot be read', { issuer, err: toError(thrown) });
      failing = true;
    }
  }

  /** Asks the issuer, unless it was asked a short time ago. @returns the question under way; it never rejects */
  function ask(): Promise<void> | undefined {
    if (!asking && (!sinceAskedMs || sinceAskedMs() >= (keys ? REFRESH_MS : RETRY_MS))) {
      sinceAskedMs = monotonic.startStopwatch();
      asking = read().finally(() => {
        asking = undefined;
        sinceAnsweredMs = monotonic.startStopwatch();
      });
    }
    return asking;
  }

  const areRecent = (): boolean =>
    keys !== undefined && sinceAnsweredMs !== undefined && sinceAnsweredMs() < OUTDATED_MS;

  async function current(): Promise<{ keyOf: JWTVerifyGetKey }> {
    if (!areRecent()) await ask();
    if (!keys) throw new KeysUnavailableError('the keys of the issuer cannot be read');
    return keys;
  }

  return {
    keyOf: async (header, token) => {
      const known = await current();
      try {
        return await known.keyOf(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await ask();
        const renewed = await current();
        if (renewed === known) throw error;
        return renewed.keyOf(header, token);
      }
    },
    refresh: () => {
      void ask();
      return areRecent();
    },
    version: () => version,
    check: async () => {
      await current();
    },
  };
}
