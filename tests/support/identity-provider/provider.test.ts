import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDIENCE, SCOPES } from '../../../tools/identity-provider/registered.mjs';
import { startProvider } from './start-provider.js';
import { askForToken, readToken } from './tokens.js';

let provider: Awaited<ReturnType<typeof startProvider>>;

beforeAll(async () => {
  provider = await startProvider({ ACCESS_TOKEN_TTL_SECONDS: '120' });
});

afterAll(() => {
  provider.dispose();
});

const grant = (scope: string) => ({ grant_type: 'client_credentials', scope });

describe('a program', () => {
  it('gets an access token for the API (RFC 9068)', async () => {
    const { issuer } = provider;
    const { status, body } = await askForToken(issuer, grant(SCOPES.join(' ')), { as: 'orderflow-operator' });
    expect({ status, expires: body.expires_in }).toEqual({ status: 200, expires: 120 });
    const { header, claims } = await readToken(issuer, body.access_token);
    expect(header).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    expect(claims).toMatchObject({
      ...{ iss: issuer, aud: AUDIENCE, sub: 'orderflow-operator', client_id: 'orderflow-operator' },
      scope: SCOPES.join(' '),
    });
    expect(claims.exp - claims.iat).toBe(120);
  });

  it.each([
    ['a scope of others', grant('orders:read ops'), 'orderflow-checkout', 'invalid_scope'],
    ['another audience', { ...grant('ops'), resource: 'urn:other' }, 'orderflow-operator', 'invalid_target'],
    ['the sign-in of a person', { grant_type: 'password' }, 'orderflow-operator', 'unsupported_grant_type'],
  ] as const)('does not get %s', async (_, form, as, error) => {
    expect(await askForToken(provider.issuer, form, { as })).toMatchObject({ status: 400, body: { error } });
  });

  it('does not get a token with a wrong secret', async () => {
    const headers = { authorization: `Basic ${Buffer.from('orderflow-operator:wrong').toString('base64')}` };
    const answer = await askForToken(provider.issuer, grant('ops'), { headers });
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });
});

it('signs with a key that no other process has', async () => {
  const other = await startProvider();
  try {
    const { body } = await askForToken(other.issuer, grant('ops'), { as: 'orderflow-operator' });
    await readToken(other.issuer, body.access_token);
    await expect(readToken(provider.issuer, body.access_token)).rejects.toThrow('no key');
  } finally {
    other.dispose();
  }
});

describe('the server', () => {
  /** With any Host header, which `fetch` does not allow. */
  const ask = (path: string, host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ port: provider.port, host: '127.0.0.1', path, headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });

  it.each(['/health/ready', '/jwks', '/.well-known/openid-configuration', '/sign-in/x'])(
    'does not answer %s for a host of others (DNS rebinding)',
    async (path) => {
      for (const host of ['evil.example', 'localhost.evil.example', `127.0.0.1.evil.example:${provider.port}`, 'a b']) {
        expect({ host, status: await ask(path, host) }).toEqual({ host, status: 421 });
      }
      expect(await ask('/jwks', 'LOCALHOST:1')).toBe(200);
      expect(await ask('/jwks', '[::1]')).toBe(200);
    },
  );

  it('is ready', async () => {
    const answer = await fetch(`${provider.issuer}/health/ready`);
    expect({ status: answer.status, body: await answer.json() }).toEqual({ status: 200, body: { status: 'ready' } });
  });

  it('lets pages read the public documents, and only pages of this machine use the token endpoint', async () => {
    const headers = { origin: 'https://evil.example' };
    for (const path of ['/jwks', '/.well-known/openid-configuration']) {
      const { headers: answered } = await fetch(`${provider.issuer}${path}`, { headers });
      expect(answered.get('access-control-allow-origin')).toBe('https://evil.example');
      expect(answered.get('access-control-allow-credentials')).toBeNull();
    }
    const form = { ...grant('ops'), client_id: 'orderflow-page' };
    const foreign = await askForToken(provider.issuer, form, { headers });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const own = await askForToken(provider.issuer, form, { headers: { origin: 'http://127.0.0.1:3000' } });
    expect(own.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:3000');
  });
});
