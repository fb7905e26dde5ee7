import { describe, expect, it } from '@jest/globals';
import { OPERATOR } from '@orderflow/testing/api-gateway/issuer';
import { anOrder, bodyOf, NAMES, NOW_MS } from '@orderflow/testing/api-gateway/start-api';
import { startWithTokens } from '@orderflow/testing/api-gateway/start-with-tokens';

const NOW = Math.floor(NOW_MS / 1_000);

describe('the rate limit', () => {
  it('belongs to the subject of a token: others behind the same address are not limited by it', async () => {
    const { issuer, get } = await startWithTokens({ RATE_LIMIT_MAX: '2' });
    const [alice, bob] = [await issuer.as(), await issuer.as({ sub: 'bob' })];
    const statuses = async (headers: Record<string, string>) => {
      const seen: number[] = [];
      for (const _ of [1, 2, 3]) seen.push((await get('/api/orders', headers)).status);
      return seen;
    };
    expect(await statuses(alice)).toEqual([200, 200, 429]);
    // Another token of the same subject.
    expect(await statuses(await issuer.as({ jti: 'other' }))).toEqual([429, 429, 429]);
    expect(await statuses(bob)).toEqual([200, 200, 429]);
    expect(await statuses({})).toEqual([401, 401, 429]);
  });

  it('of an address counts invalid tokens of any subject, and keeps no valid one out', async () => {
    const { issuer, get } = await startWithTokens({ RATE_LIMIT_MAX: '2' });
    const seen: number[] = [];
    for (const sub of ['alice', 'bob', 'carol']) {
      seen.push((await get('/api/orders', await issuer.as({ sub, exp: 1 }))).status);
    }
    expect(seen).toEqual([401, 401, 429]);
    expect((await get('/api/orders', await issuer.as())).status).toBe(200);
  });

  it('counts a subject that looks like an address apart from that address', async () => {
    const { issuer, get } = await startWithTokens({ RATE_LIMIT_MAX: '1' });
    const named = await issuer.as({ ...OPERATOR, sub: '127.0.0.1' });
    expect((await get('/api/orders', named)).status).toBe(200);
    expect((await get('/api/orders')).status).toBe(401);
  });

  it.each([
    '/api/nothing',
    '/',
    '/page/main.js',
    '/.well-known/oauth-protected-resource',
    '/api/orders?access_token=x',
  ])('counts %s for the address', async (url) => {
    const { get } = await startWithTokens({ RATE_LIMIT_MAX: '1' });
    expect((await get(url)).status).not.toBe(429);
    expect((await get(url)).status).toBe(429);
  });

  it('counts unknown orders for the subject', async () => {
    const { issuer, get } = await startWithTokens({ RATE_LIMIT_MAX: '1' });
    const alice = await issuer.as();
    const url = '/api/orders/01a1fe4b-0fb2-72ef-a6da-816639a2493b';
    expect([(await get(url, alice)).status, (await get(url, alice)).status]).toEqual([404, 429]);
  });
});

describe('an event stream', () => {
  async function startStreams(env: NodeJS.ProcessEnv = {}) {
    const api = await startWithTokens(env);
    const port = await api.listen();
    const placed = await api.post('/api/orders', anOrder({ customerId: 'alice' }), await api.issuer.as());
    const { orderId } = bodyOf<{ orderId: string }>(placed);
    const follow = async (headers: Record<string, string>, path = `/api/orders/${orderId}/events`) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers });
    return { ...api, orderId, follow };
  }

  it('counts for the subject of its token', async () => {
    const { issuer, follow } = await startStreams({ STREAMS_PER_CLIENT_MAX: '1' });
    const [alice, olga] = [await issuer.as(), await issuer.as(OPERATOR)];
    expect((await follow(alice)).status).toBe(200);
    const second = await follow(await issuer.as({ jti: 'other' }));
    expect([second.status, ((await second.json()) as { code: string }).code]).toEqual([503, 'TOO_MANY_STREAMS']);
    expect((await follow(olga)).status).toBe(200);
    expect((await follow(olga, '/api/system/events')).status).toBe(503);
  });

  it('of an order that the client may not see does not count', async () => {
    const { issuer, follow } = await startStreams({ STREAMS_PER_CLIENT_MAX: '1' });
    const bob = await issuer.as({ sub: 'bob' });
    for (const _ of [1, 2, 3]) expect((await follow(bob)).status).toBe(404);
  });

  it.each([
    ['of an order', undefined, {}],
    ['of the system', '/api/system/events', OPERATOR],
  ])('%s ends with its token', async (_, path, claims) => {
    const { issuer, follow, time } = await startStreams();
    const answer = await follow(await issuer.as({ ...claims, exp: NOW + 2 }), path);
    expect(answer.status).toBe(200);
    time.ms += 2_000;
    expect(await answer.text()).toMatch(/^event: (order|history)$/m);
  });

  it('with a token in its last minute of leeway has the current state, and ends', async () => {
    const { issuer, follow } = await startStreams();
    const answer = await follow(await issuer.as({ exp: NOW - 30 }));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(/^event: order$/m);
  });

  it('is refused to an expired token, also to one that was valid when the stream was opened first', async () => {
    const { issuer, follow, time, aws, orders } = await startStreams();
    const alice = await issuer.as({ exp: NOW + 30 });
    const answer = await follow(alice);
    aws.dynamo.seed(NAMES.ordersTable, { ...orders()[0], status: 'COMPLETED', version: 3 });
    expect(await answer.text()).toContain('COMPLETED');
    time.ms += 90_000;
    expect((await follow(alice)).status).toBe(401);
  });
});
