import { expect, it } from '@jest/globals';
import { createIssuer, JWT_MODE, OPERATOR } from '@orderflow/testing/api-gateway/issuer';
import { anOrder, bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

async function start() {
  const issuer = await createIssuer();
  const api = await startApi(JWT_MODE, undefined, issuer.fetch);
  return { issuer, ...api };
}

it('an order is placed and read by its customer and by an operator, and unknown to anyone else', async () => {
  const { issuer, post, get } = await start();
  const alice = await issuer.as();
  const placed = await post('/api/orders', anOrder({ customerId: 'alice' }), alice);
  expect(placed.status).toBe(201);
  const { orderId } = bodyOf<{ orderId: string }>(placed);
  expect((await get(`/api/orders/${orderId}`, alice)).status).toBe(200);
  expect((await get(`/api/orders/${orderId}`, await issuer.as(OPERATOR))).status).toBe(200);
  const foreign = await get(`/api/orders/${orderId}`, await issuer.as({ sub: 'bob' }));
  expect(foreign.status).toBe(404);
  expect(foreign.text).not.toContain('alice');
});

it('a request without a token is refused with a challenge', async () => {
  const { get } = await start();
  const answer = await get('/api/orders');
  expect(answer.status).toBe(401);
  expect(answer.headers['www-authenticate']).toBe(
    'Bearer realm="orderflow", resource_metadata="http://localhost:80/.well-known/oauth-protected-resource"',
  );
});

it('a missing scope is named', async () => {
  const { issuer, post, get } = await start();
  const reader = await issuer.as({ scope: 'orders:read' });
  const answer = await post('/api/orders', anOrder({ customerId: 'alice' }), reader);
  expect(answer.status).toBe(403);
  expect(bodyOf(answer)).toMatchObject({ code: 'SCOPE_MISSING' });
  expect(answer.headers['www-authenticate']).toContain('scope="orders:write"');
  for (const path of ['/api/system', '/api/dead-letters', '/docs', '/openapi.json', '/asyncapi.json']) {
    expect({ path, status: (await get(path, reader)).status }).toEqual({ path, status: 403 });
  }
});
