import { describe, expect, it } from '@jest/globals';
import { createIssuer, ISSUER, newKey, type IssuerKey } from '@orderflow/testing/api-gateway/issuer';
import { ownedTime } from '@orderflow/testing/owned-time';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { createIssuerKeys } from './issuer-keys.js';

const DISCOVERY = `${ISSUER}.well-known/openid-configuration`;
const KEYS = `${ISSUER}keys`;

async function start(jwksUrl?: string) {
  const issuer = await createIssuer();
  const time = { ms: 0 };
  const log = createRecordingLogger();
  const monotonic = ownedTime(() => time.ms);
  const keys = createIssuerKeys({ issuer: ISSUER, jwksUrl, monotonic, logger: log.logger, fetch: issuer.fetch });
  /** Whether the key is one of the issuer's. */
  const knows = async ({ kid, alg }: Pick<IssuerKey, 'kid' | 'alg'> = issuer.first): Promise<boolean> => {
    try {
      await keys.keyOf({ kid, alg }, { payload: '', signature: '' });
      return true;
    } catch (error) {
      if ((error as Error).name === 'JWKSNoMatchingKey') return false;
      throw error;
    }
  };
  /** How often the issuer was asked for its keys. */
  const asked = () => issuer.state.asked.filter((url) => url !== DISCOVERY).length;
  return { ...issuer, time, log, keys, knows, asked };
}

describe('the keys of the issuer', () => {
  it('are where discovery says', async () => {
    const { knows, state } = await start();
    expect(await knows()).toBe(true);
    expect(state.asked).toEqual([DISCOVERY, KEYS]);
  });

  it('are where OIDC_JWKS_URL says, without discovery', async () => {
    const { knows, state } = await start('https://keys.test/');
    expect(await knows()).toBe(true);
    expect(state.asked).toEqual(['https://keys.test/']);
  });

  it('are asked for once a minute at most, however many tokens name an unknown key', async () => {
    const { knows, asked, time } = await start();
    for (let hundredths = 0; hundredths < 3 * 60 * 100; hundredths++) {
      time.ms = hundredths * 10;
      if (await knows({ kid: `unknown-${hundredths}`, alg: 'ES256' })) throw new Error('the key is known');
    }
    expect(asked()).toBe(3);
  });

  it('are asked for once while many tokens wait', async () => {
    const { knows, asked } = await start();
    expect(await Promise.all(Array.from({ length: 20 }, () => knows()))).not.toContain(false);
    expect(asked()).toBe(1);
  });

  it('change within a minute: a new key works, and a removed one is refused', async () => {
    const { first, state, knows, time, keys } = await start();
    await knows();
    const second = await newKey('second');
    state.keys = [second];
    time.ms += 60_000;
    const before = keys.version();
    expect([await knows(second), await knows(first)]).toEqual([true, false]);
    expect(keys.version()).toBe(before + 1);
  });

  it('keep their version while the issuer gives the same answer', async () => {
    const { knows, time, keys, asked } = await start();
    await knows();
    time.ms += 600_000;
    await knows();
    expect({ asked: asked(), version: keys.version() }).toEqual({ asked: 2, version: 1 });
  });

  it('are read again before they are used after a time without requests', async () => {
    const { first, state, knows, time, keys } = await start();
    await knows();
    state.keys = [await newKey('second')];
    time.ms += 3_600_000;
    expect(keys.refresh()).toBe(false);
    expect(await knows(first)).toBe(false);
    expect(keys.refresh()).toBe(true);
  });

  it('stay in use while the issuer is away, and it is asked once a minute', async () => {
    const { state, knows, time, log, asked } = await start();
    await knows();
    state.isAway = true;
    for (let minute = 0; minute < 10; minute++) {
      time.ms += 60_000;
      expect([await knows(), await knows({ kid: 'unknown', alg: 'ES256' })]).toEqual([true, false]);
    }
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    // The first of them failed, so discovery is asked again.
    expect({ keys: asked(), discovery: state.asked.length - asked() }).toEqual({ keys: 2, discovery: 10 });
  });

  it('are found again after they have moved', async () => {
    const { state, knows, time } = await start();
    await knows();
    const second = await newKey('second');
    state.answer = (url) => {
      if (url === DISCOVERY) return Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}moved` });
      return url === KEYS ? new Response('', { status: 404 }) : Response.json({ keys: [second.jwk] });
    };
    time.ms += 60_000;
    expect(await knows(second)).toBe(false);
    time.ms += 60_000;
    expect(await knows(second)).toBe(true);
  });
});

describe('an issuer that has never answered', () => {
  it('is asked every two seconds, and its keys are used as soon as it answers', async () => {
    const { state, knows, time, keys } = await start();
    state.isAway = true;
    for (let tenths = 0; tenths < 60; tenths++) {
      time.ms = tenths * 100;
      await expect(knows()).rejects.toMatchObject({ name: 'KeysUnavailableError' });
    }
    expect(state.asked).toHaveLength(3);
    await expect(keys.check()).rejects.toMatchObject({ name: 'KeysUnavailableError' });
    state.isAway = false;
    time.ms += 2_000;
    expect(await knows()).toBe(true);
    await expect(keys.check()).resolves.toBeUndefined();
  });
});

describe('an answer of the issuer', () => {
  const json = (body: unknown) => () => Response.json(body);
  const discovery = (change: object) => (url: string) =>
    url === DISCOVERY ? Response.json({ issuer: ISSUER, jwks_uri: KEYS, ...change }) : undefined;
  const keys = (body: unknown) => (url: string) => (url === KEYS ? Response.json(body) : undefined);

  it.each<[string, (url: string) => Response | undefined]>([
    ['HTML', () => new Response('<h1>Sign in</h1>')],
    ['nothing', () => new Response(null)],
    ['null', json(null)],
    ['an error', () => new Response('{}', { status: 500 })],
    ['no jwks_uri', discovery({ jwks_uri: undefined })],
    ['a jwks_uri that is no URL', discovery({ jwks_uri: '/keys' })],
    ['a jwks_uri without TLS', discovery({ jwks_uri: 'http://login.test/keys' })],
    ['a jwks_uri of another scheme', discovery({ jwks_uri: 'data:application/json,{"keys":[]}' })],
    ['discovery of another issuer', discovery({ issuer: 'https://evil.test/' })],
    ['discovery without the slash at the end', discovery({ issuer: ISSUER.slice(0, -1) })],
    ['keys that are no list', keys({ keys: { first: {} } })],
    ['keys that are no objects', keys({ keys: ['first'] })],
    ['no keys at all', keys({})],
    ['endless keys', (url) => (url === KEYS ? new Response(`{"keys":[${' '.repeat(300_000)}]}`) : undefined)],
  ])('%s is no set of keys', async (_, answer) => {
    const { state, knows, log } = await start();
    state.answer = answer;
    await expect(knows()).rejects.toMatchObject({ name: 'KeysUnavailableError' });
    expect(log.lines).toEqual([
      expect.objectContaining({ level: 'warn', message: 'keys of the issuer cannot be read' }),
    ]);
  });

  it('is not followed elsewhere, and does not take longer than five seconds', async () => {
    const { state, knows } = await start();
    const redirects: unknown[] = [];
    state.answer = (_, init) => {
      redirects.push(init?.redirect);
      const { signal } = init ?? {};
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    };
    await expect(knows()).rejects.toMatchObject({ name: 'KeysUnavailableError' });
    expect(redirects).toEqual(['error']);
  });

  it.each<[string, (first: IssuerKey) => object]>([
    ['a broken key', ({ jwk }) => ({ ...jwk, kid: 'other', x: '!' })],
    ['a broken key of the same id', () => ({ kid: 'first', kty: 'RSA', n: '', e: '' })],
    ['a secret', () => ({ kid: 'first', kty: 'oct', k: 'c2VjcmV0' })],
    ['a key for encryption', ({ jwk }) => ({ ...jwk, use: 'enc' })],
    ['a key for another algorithm', ({ jwk }) => ({ ...jwk, alg: 'ECDH-ES' })],
    ['a key of a kind from the future', () => ({ kid: 'first', kty: 'XYZ' })],
  ])('may have %s beside a good one', async (_, other) => {
    const { first, state, knows } = await start();
    state.others = [other(first)];
    expect(await knows()).toBe(true);
  });
});
