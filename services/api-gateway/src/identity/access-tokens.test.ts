import { createHmac, createSign, KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { startTokens } from '@orderflow/testing/api-gateway/access-tokens';
import { AUDIENCE, ISSUER, newKey, OPERATOR } from '@orderflow/testing/api-gateway/issuer';
import { NOW_MS } from '@orderflow/testing/api-gateway/start-api';
import { exportSPKI } from 'jose';

const NOW = Math.floor(NOW_MS / 1_000);

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: NOW, exp: NOW + 900 };

describe('an access token', () => {
  it('says who the caller is, what it may do, and until when', async () => {
    const { verifyNew } = await startTokens();
    expect(await verifyNew()).toEqual({
      subject: 'alice',
      customerId: 'alice',
      scopes: new Set(['orders:read', 'orders:write', 'notifications:write']),
      expiresAt: (NOW + 900) * 1_000,
    });
  });

  it('of an operator makes it no customer', async () => {
    const { verifyNew } = await startTokens();
    expect(await verifyNew(OPERATOR)).not.toHaveProperty('customerId');
  });

  it.each(['RS256', 'EdDSA', 'Ed25519'])('may be signed with %s', async (alg) => {
    const { state, verifyNew, time } = await startTokens();
    const key = await newKey('other', alg);
    state.keys.push(key);
    time.ms += 60_000;
    expect(await verifyNew({}, { key })).toMatchObject({ subject: 'alice' });
  });

  it.each(['RS384', 'PS256', 'ES384', 'RS512'])('may not be signed with %s', async (alg) => {
    const { state, verifyNew, time } = await startTokens();
    const key = await newKey('other', alg);
    state.keys.push(key);
    time.ms += 60_000;
    expect(await verifyNew({}, { key })).toMatch(/^its algorithm must be one of/);
  });

  it.each(['none', 'None', 'NONE', 'nOnE', '', 'HS256', 'HS512', null, 0, ['ES256'], undefined])(
    'may not have the algorithm %j and no signature',
    async (alg) => {
      const { verify } = await startTokens();
      for (const signature of ['', 'AA']) {
        const head = { alg, kid: 'first', typ: 'at+jwt' };
        expect(await verify(`${encode(head)}.${encode(CLAIMS)}.${signature}`)).toEqual(expect.stringMatching(/^it/));
      }
    },
  );

  it('may not be signed with the public key as a secret', async () => {
    const { state, verify, time } = await startTokens();
    const rsa = await newKey('rsa', 'RS256');
    state.keys.push(rsa);
    time.ms += 60_000;
    const pem = await exportSPKI(rsa.publicKey);
    const der = Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64');
    for (const secret of [pem, pem.trim(), der, der.toString('base64'), JSON.stringify(rsa.jwk), rsa.jwk.n ?? '', '']) {
      const signed = `${encode({ alg: 'HS256', kid: 'rsa', typ: 'at+jwt' })}.${encode(CLAIMS)}`;
      const signature = createHmac('sha256', secret).update(signed).digest('base64url');
      expect(await verify(`${signed}.${signature}`)).toMatch(/^its algorithm must be one of/);
    }
  });

  it('may not bring its own key', async () => {
    const { first, verifyNew } = await startTokens();
    const own = await newKey('own');
    const kid = first.kid;
    for (const header of [
      { kid, jwk: own.jwk },
      { kid, jku: 'https://evil.test/keys' },
      { kid, x5u: 'https://evil.test/chain' },
      { kid, x5c: ['AA=='] },
    ]) {
      expect(await verifyNew({}, { key: own, ...header })).toBe('its signature is wrong.');
    }
    expect(await verifyNew({}, { key: own, jwk: own.jwk })).toBe('the issuer has no such key.');
  });

  it.each<[string, Record<string, unknown>]>([
    ['iss', { iss: undefined }],
    ['iss', { iss: 'https://evil.test/' }],
    ['iss', { iss: ISSUER.slice(0, -1) }],
    ['iss', { iss: [ISSUER] }],
    ['iss', { iss: '' }],
    ['aud', { aud: undefined }],
    ['aud', { aud: 'urn:other' }],
    ['aud', { aud: [] }],
    ['aud', { aud: ['urn:other'] }],
    ['aud', { aud: { [AUDIENCE]: true } }],
    ['aud', { aud: `${AUDIENCE} urn:other` }],
    ['exp', { exp: undefined }],
    ['exp', { exp: String(NOW + 900) }],
    ['exp', { exp: null }],
    ['nbf', { nbf: String(NOW) }],
    ['iat', { iat: 'today' }],
    ['sub', { sub: undefined }],
    ['sub', { sub: '' }],
    ['sub', { sub: 7 }],
    ['sub', { sub: ['alice'] }],
    ['sub', { sub: null }],
  ])('with a wrong or missing %s is refused: %j', async (claim, claims) => {
    const { verifyNew } = await startTokens({ OIDC_CUSTOMER_CLAIM: 'client_id' });
    const reason = claim === 'nbf' ? 'it is not valid yet.' : `its ${claim} is missing or wrong.`;
    expect(await verifyNew(claims)).toBe(reason);
  });

  it('may be for several audiences', async () => {
    const { verifyNew } = await startTokens();
    expect(await verifyNew({ aud: ['urn:other', AUDIENCE] })).toMatchObject({ subject: 'alice' });
  });

  it.each<[string, object, string | object]>([
    ['expired a minute ago', { exp: NOW - 60 }, 'it has expired.'],
    ['expired less than a minute ago', { exp: NOW - 59 }, { subject: 'alice' }],
    ['is valid in less than a minute', { nbf: NOW + 60 }, { subject: 'alice' }],
    ['is valid in more than a minute', { nbf: NOW + 61 }, 'it is not valid yet.'],
    ['was issued in the future', { iat: NOW + 3_600 }, { subject: 'alice' }],
    ['expires at a negative time', { exp: -1 }, 'it has expired.'],
  ])('that %s is accepted or refused', async (_, claims, expected) => {
    const { verifyNew } = await startTokens();
    const seen = await verifyNew({ ...claims });
    if (typeof expected === 'string') expect(seen).toBe(expected);
    else expect(seen).toMatchObject(expected);
  });

  it.each([
    ['at+jwt', true, true],
    ['AT+JWT', true, true],
    ['application/at+jwt', true, true],
    ['JWT', false, true],
    ['application/jwt', false, true],
    ['id+jwt', false, true],
    ['', false, true],
    [undefined, false, true],
  ])('of the type %s is accepted: %s; without OIDC_REQUIRE_AT_JWT: %s', async (typ, byDefault, otherwise) => {
    for (const [env, isAccepted] of [
      [{}, byDefault],
      [{ OIDC_REQUIRE_AT_JWT: 'false' }, otherwise],
    ] as const) {
      const { verifyNew } = await startTokens(env);
      const seen = await verifyNew({}, { typ });
      if (isAccepted) expect(seen).toMatchObject({ subject: 'alice' });
      else expect(seen).toBe('its typ is missing or wrong.');
    }
  });

  it('may not have critical headers', async () => {
    const { verify, first } = await startTokens();
    for (const crit of [['x'], ['b64'], [], 'x', ['exp']]) {
      const head = { alg: 'ES256', kid: 'first', typ: 'at+jwt', x: 1, b64: false, exp: 1, crit };
      const signed = `${encode(head)}.${encode(CLAIMS)}`;
      const signer = createSign('sha256').update(signed);
      const key = { key: KeyObject.from(first.privateKey), dsaEncoding: 'ieee-p1363' as const };
      expect(await verify(`${signed}.${signer.sign(key, 'base64url')}`)).toMatch(/^it is not a JWT/);
    }
  });

  it('may not have been changed', async () => {
    const { sign, verify } = await startTokens();
    const token = await sign();
    const [head = '', , signature = ''] = token.split('.');
    expect(await verify([head, encode({ ...CLAIMS, sub: 'bob' }), signature].join('.'))).toBe(
      'its signature is wrong.',
    );
    for (const broken of [`${token}A`, token.slice(0, -4), `${token}.`, `${head}.${signature}`, '..', '.', '', 'x']) {
      expect(await verify(broken)).toMatch(/^it/);
    }
    for (const payload of ['', 'text', '[]', 'null', '"x"', '{']) {
      expect(await verify([head, encode(payload), signature].join('.'))).toMatch(/^it/);
    }
  });

  it('must be signed with a key that is known by its id', async () => {
    const { state, verifyNew, time } = await startTokens();
    expect(await verifyNew({}, { kid: undefined })).toMatchObject({ subject: 'alice' });
    state.keys.push(await newKey('first'));
    time.ms += 60_000;
    expect(await verifyNew({}, { kid: 'unknown' })).toBe('the issuer has no such key.');
    expect(await verifyNew({})).toBe('several keys of the issuer match it.');
    expect(await verifyNew({}, { kid: undefined })).toBe('several keys of the issuer match it.');
  });

  it('may have 8,192 characters', async () => {
    const { sign, verify } = await startTokens();
    const spare = 8_192 - (await sign({ pad: '' })).length;
    const longest = await sign({ pad: 'x'.repeat(Math.floor((spare * 3) / 4) - 2) });
    expect(longest.length).toBeGreaterThan(8_180);
    expect(await verify(longest)).toMatchObject({ subject: 'alice' });
    expect(await verify(await sign({ pad: 'x'.repeat((spare * 3) / 4 + 2) }))).toBe(
      'it is longer than 8192 characters.',
    );
  });
});
