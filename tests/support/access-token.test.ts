import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AUDIENCE, SCOPES } from '../../tools/identity-provider/registered.mjs';
import { createTokenSource } from '../../tools/local/access-token.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { startProvider } from './identity-provider/start-provider.js';
import { readToken } from './identity-provider/tokens.js';

const CHECKOUT = { OIDC_CLIENT_ID: 'orderflow-checkout', OIDC_CLIENT_SECRET: 'orderflow-checkout' };
const OF_CHECKOUT = SCOPES.filter((scope) => scope !== 'ops').join(' ');

let provider: Awaited<ReturnType<typeof startProvider>>;
let url: string;
/** Undefined: the API needs no token. */
let metadata: object | undefined;
/** Tokens that the API has refused or accepted, in order. */
let seen: (string | undefined)[];
let refusals: number;
let asked: number;
/** Closed even if a test fails. */
const listening: Server[] = [];

async function listen(handle: Parameters<typeof createServer>[1]) {
  const server = createServer(handle as () => void).listen(0, '127.0.0.1');
  listening.push(server);
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => {
  provider.dispose();
});

beforeEach(async () => {
  [seen, refusals, asked] = [[], 0, 0];
  metadata = { resource: AUDIENCE, authorization_servers: [provider.issuer], scopes_supported: SCOPES };
  ({ url } = await listen((request, response) => {
    if (request.url === '/.well-known/oauth-protected-resource') {
      asked += 1;
      response.writeHead(metadata ? 200 : 404).end(JSON.stringify(metadata ?? {}));
      return;
    }
    seen.push(request.headers.authorization);
    response.writeHead(refusals-- > 0 ? 401 : 200).end('{}');
  }));
});
afterEach(() => {
  for (const server of listening.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('a tool', () => {
  it('sends no token to an API that needs none, and asks once', async () => {
    metadata = undefined;
    const tokens = createTokenSource(url, {});
    expect((await tokens.request('/'))?.status).toBe(200);
    expect(await tokens.headers()).toEqual({});
    expect({ seen, asked }).toEqual({ seen: [undefined], asked: 1 });
  });

  it("gets a token with every scope of the API from a laptop's provider, once for many requests", async () => {
    const tokens = createTokenSource(url, {});
    await Promise.all([tokens.request('/'), tokens.request('/'), tokens.request('/')]);
    await tokens.request('/');
    expect(new Set(seen).size).toBe(1);
    expect(asked).toBe(1);
    const { claims } = await readToken(provider.issuer, seen[0]?.replace(/^Bearer /, '') ?? '');
    expect(claims).toMatchObject({ sub: 'orderflow-operator', aud: AUDIENCE, scope: SCOPES.join(' ') });
  });

  it('renews a token before it expires', async () => {
    const brief = await startProvider({ ACCESS_TOKEN_TTL_SECONDS: '4' });
    metadata = { ...metadata, authorization_servers: [brief.issuer] };
    const tokens = createTokenSource(url, {});
    const [first, second] = [await tokens.headers(), await tokens.headers()];
    brief.dispose();
    expect(second).not.toEqual(first);
  });

  it('gets another token when the API refuses the one that it had, and tries again once', async () => {
    const tokens = createTokenSource(url, {});
    await tokens.request('/');
    refusals = 1;
    expect((await tokens.request('/'))?.status).toBe(200);
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).not.toBe(seen[0]);
    refusals = 2;
    expect((await tokens.request('/'))?.status).toBe(401);
    expect(seen).toHaveLength(5);
  });

  it('uses the client and the scopes of its environment', async () => {
    const { authorization = '' } = await createTokenSource(url, { ...CHECKOUT, OIDC_SCOPE: OF_CHECKOUT }).headers();
    const { claims } = await readToken(provider.issuer, authorization.replace(/^Bearer /, ''));
    expect(claims).toMatchObject({ sub: 'orderflow-checkout', scope: OF_CHECKOUT });
  });

  it('waits for an API that is away', async () => {
    const port = await freePort();
    const tokens = createTokenSource(`http://127.0.0.1:${port}`, {});
    await expect(tokens.headers()).rejects.toThrow('does not answer');
    expect(await tokens.request('/')).toBeUndefined();
    const late = createServer((_, response) => response.writeHead(404).end()).listen(port, '127.0.0.1');
    listening.push(late);
    await once(late, 'listening');
    expect((await tokens.request('/'))?.status).toBe(404);
  });
});

describe('a tool without a token says what to do', () => {
  it.each([
    [
      'a wrong secret',
      { ...CHECKOUT, OIDC_CLIENT_SECRET: 'wrong' },
      /no access token \(invalid_client/,
      /OIDC_CLIENT_ID/,
    ],
    ['a scope that the client lacks', CHECKOUT, /no access token \(invalid_scope/, /set OIDC_SCOPE/],
    ['half a client', { OIDC_CLIENT_ID: 'x' }, /no client is set/, /OIDC_CLIENT_SECRET/],
    [
      'another issuer',
      { ...CHECKOUT, OIDC_ISSUER: 'https://a.example' },
      /but OIDC_ISSUER is https:/,
      /correct OIDC_ISSUER/,
    ],
  ])('about %s', async (_, env, message, fix) => {
    const failure = { message: expect.stringMatching(message), fix: expect.stringMatching(fix) };
    await expect(createTokenSource(url, env).headers()).rejects.toMatchObject(failure);
  });

  it.each([
    ['no client for a provider elsewhere', 'https://login.example.org', {}, 'no client is set'],
    ['a provider without TLS', 'http://login.example.org', CHECKOUT, 'not an https URL'],
    ['no provider', undefined, CHECKOUT, 'not an https URL'],
    ['a provider that is down', 'http://127.0.0.1:9', {}, 'does not answer'],
  ])('about %s', async (_, issuer, env, message) => {
    metadata = { resource: AUDIENCE, ...(issuer && { authorization_servers: [issuer] }) };
    const failure = { message: expect.stringContaining(message), fix: expect.stringMatching(/\w/) };
    await expect(createTokenSource(url, env).headers()).rejects.toMatchObject(failure);
  });

  it('about a provider that calls itself by another name, which gets no secret', async () => {
    const paths: (string | undefined)[] = [];
    const other = await listen((request, response) => {
      paths.push(request.url);
      response.end(JSON.stringify({ issuer: provider.issuer, token_endpoint: `${url}/token` }));
    });
    metadata = { ...metadata, authorization_servers: [other.url] };
    await expect(createTokenSource(url, CHECKOUT).headers()).rejects.toThrow('without its OpenID configuration');
    expect({ paths, seen }).toEqual({ paths: ['/.well-known/openid-configuration'], seen: [] });
  });
});
