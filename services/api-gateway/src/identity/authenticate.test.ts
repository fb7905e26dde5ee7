import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { OPERATOR } from '@orderflow/testing/api-gateway/issuer';
import { routesOf } from '@orderflow/testing/api-gateway/routes';
import { anOrder, bodyOf, NOW_MS } from '@orderflow/testing/api-gateway/start-api';
import { startWithTokens } from '@orderflow/testing/api-gateway/start-with-tokens';

const RESOURCE = 'resource_metadata="http://localhost:80/.well-known/oauth-protected-resource"';
const codeOf = (answer: { status: number; text: string }) => [answer.status, bodyOf(answer).code];

/** Everything that anyone may have without a token. */
const isPublic = (url: string): boolean =>
  url === '/' ||
  url.startsWith('/page/') ||
  ['/.well-known/oauth-protected-resource', '/health', '/health/live', '/health/ready', '/metrics'].includes(url);

describe('without a valid token', () => {
  it('nothing answers but the live page, probes, and where to get a token', async () => {
    const api = await startWithTokens({ RATE_LIMIT_MAX: '1000000' });
    const expired = await api.issuer.as({ exp: 1 });
    const foreign = await api.issuer.as({ aud: 'urn:other' });
    const headers: Record<string, string>[] = [{}, expired, foreign, { authorization: 'Basic YTpi' }];
    headers.push({ cookie: `orderflow_token=${expired.authorization.slice('Bearer '.length)}` });
    const routes = await routesOf(api);
    expect(routes.filter(({ url }) => !isPublic(url)).length).toBeGreaterThan(20);
    for (const { method, url } of routes) {
      for (const given of headers) {
        const { status } = await api.request(method, url.replace('*', 'x'), { headers: given });
        const expected = isPublic(url) ? 200 : 401;
        expect({ method, url, given, status }).toEqual({ method, url, given, status: expected });
      }
    }
  });

  it('unknown paths and methods answer as they do with one', async () => {
    const { get, request } = await startWithTokens();
    expect(codeOf(await get('/api/nothing'))).toEqual([404, 'ROUTE_NOT_FOUND']);
    expect(codeOf(await request('DELETE', '/api/orders'))).toEqual([405, 'METHOD_NOT_ALLOWED']);
  });

  it('a body is not read', async () => {
    const api = await startWithTokens();
    const port = await api.listen();
    const headers = { 'content-type': 'application/json', 'content-length': '200000', expect: '100-continue' };
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/api/orders', headers });
    let mayContinue = false;
    request.on('continue', () => (mayContinue = true)).flushHeaders();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    request.destroy();
    expect({ status: answer.statusCode, mayContinue }).toEqual({ status: 401, mayContinue: false });
  });
});

describe('the challenge', () => {
  it('says what is wrong with a token', async () => {
    const { issuer, get } = await startWithTokens();
    const answer = await get('/api/orders', await issuer.as({ exp: 1 }));
    expect(codeOf(answer)).toEqual([401, 'TOKEN_INVALID']);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="orderflow", error="invalid_token", error_description="The access token is not valid: it has expired.", ${RESOURCE}`,
    );
  });

  it('names the scope that is missing', async () => {
    const { issuer, get } = await startWithTokens();
    const answer = await get('/api/orders', await issuer.as({ scope: 'orders:write' }));
    expect(codeOf(answer)).toEqual([403, 'SCOPE_MISSING']);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="orderflow", error="insufficient_scope", error_description="The access token does not have the scope orders:read.", scope="orders:read", ${RESOURCE}`,
    );
  });

  it('does not repeat what a client says about its host', async () => {
    const { get } = await startWithTokens({ TRUST_PROXY: '1' });
    const answer = await get('/api/orders', { 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '192.0.2.1' });
    expect(answer.headers['www-authenticate']).toBe(`Bearer realm="orderflow", ${RESOURCE}`);
  });
});

describe('an operator', () => {
  it('does what its scopes say: ops alone reads everything, and writes nothing', async () => {
    const { issuer, get, post } = await startWithTokens();
    const ops = await issuer.as({ ...OPERATOR, scope: 'ops' });
    for (const path of [
      '/api/orders',
      '/api/system',
      '/api/dead-letters',
      '/docs',
      '/openapi.json',
      '/asyncapi.json',
    ]) {
      expect({ path, status: (await get(path, ops)).status }).toEqual({ path, status: 200 });
    }
    expect(codeOf(await post('/api/orders', anOrder(), ops))).toEqual([403, 'SCOPE_MISSING']);
  });

  it('opens the documents with the cookie of the live page, which opens nothing else', async () => {
    const { issuer, get } = await startWithTokens();
    const cookie = `theme=dark; orderflow_token=${await issuer.sign(OPERATOR)}; x=y`;
    for (const path of ['/docs', '/docs/', '/docs/swagger-ui-init.js', '/openapi.json', '/asyncapi.json']) {
      expect({ path, status: (await get(path, { cookie })).status }).toEqual({ path, status: 200 });
    }
    for (const path of ['/api/orders', '/api/system', '/api/dead-letters', '/%61pi/orders']) {
      expect({ path, code: codeOf(await get(path, { cookie })) }).toEqual({ path, code: [401, 'TOKEN_REQUIRED'] });
    }
    // A header, even one that is no token, comes first.
    expect((await get('/docs', { cookie, authorization: 'Basic YTpi' })).status).toBe(401);
  });
});

it('a token that expires while the body arrives is valid', async () => {
  const api = await startWithTokens();
  const port = await api.listen();
  const token = await api.issuer.as({ exp: Math.floor(NOW_MS / 1_000) + 1 });
  const headers = { ...token, 'content-type': 'application/json', expect: '100-continue' };
  const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/api/orders', headers });
  request.flushHeaders();
  await once(request, 'continue');
  api.time.ms += 300_000;
  request.end(JSON.stringify(anOrder({ customerId: 'alice' })));
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(201);
  expect(codeOf(await api.get('/api/orders', token))).toEqual([401, 'TOKEN_INVALID']);
});

describe('before the keys of the issuer were read', () => {
  it('a token is 503, which says when to come back, and works within seconds after the issuer is back', async () => {
    const { issuer, get, time } = await startWithTokens({}, { isAway: true });
    const alice = await issuer.as();
    for (let tries = 0; tries < 3; tries++) {
      const answer = await get('/api/orders', alice);
      expect(codeOf(answer)).toEqual([503, 'KEYS_UNAVAILABLE']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(answer.headers['www-authenticate']).toBeUndefined();
      time.ms += 1_000;
    }
    expect(codeOf(await get('/api/orders'))).toEqual([401, 'TOKEN_REQUIRED']);
    issuer.state.isAway = false;
    time.ms += 2_000;
    expect((await get('/api/orders', alice)).status).toBe(200);
  });

  it('the API is not ready, so that those that have keys get the requests', async () => {
    const { issuer, get, time } = await startWithTokens({}, { isAway: true });
    const answer = await get('/health/ready');
    expect(answer.status).toBe(503);
    expect(bodyOf(answer)).toMatchObject({ error: { 'token issuer': { status: 'down' } } });
    issuer.state.isAway = false;
    time.ms += 6_000;
    expect((await get('/health/ready')).status).toBe(200);
    issuer.state.isAway = true;
    time.ms += 3_600_000;
    expect((await get('/health/ready')).status).toBe(200);
  });
});
