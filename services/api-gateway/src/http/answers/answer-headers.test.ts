import { describe, expect, it } from '@jest/globals';
import { anOrder, bodyOf, quiet, startApi } from '@orderflow/testing/api-gateway/start-api';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('the correlation id', () => {
  it.each(['a', 'A-z_0.9:@', 'c'.repeat(128)])('is kept if it is "%s"', async (id) => {
    const { post, orders, published } = await startApi();
    const answer = await post('/api/orders', anOrder(), { 'x-correlation-id': id });
    expect(answer.headers['x-correlation-id']).toBe(id);
    expect(bodyOf(answer).correlationId).toBe(id);
    expect(orders()[0]!.correlationId).toBe(id);
    await quiet();
    expect(JSON.parse(published()[0]!.Detail!)).toMatchObject({ metadata: { correlationId: id } });
  });

  it.each(['', 'a b', 'c'.repeat(129), 'a;b', 'ü', '${jndi:x}'])('is replaced if it is "%s"', async (id) => {
    const { get } = await startApi();
    const answer = await get('/api/orders', { 'x-correlation-id': id });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-correlation-id']).toMatch(UUID);
  });

  it('is generated for each request without one, and logged', async () => {
    const { get, log } = await startApi();
    const ids = [];
    for (const url of ['/api/orders', '/nowhere', '/health/live', '/openapi.json']) {
      const { headers } = await get(url);
      expect(headers['x-correlation-id']).toMatch(UUID);
      ids.push(headers['x-correlation-id']);
    }
    expect(new Set(ids).size).toBe(4);
    const logged = log.lines.filter(({ message }) => message === 'request').map(({ fields }) => fields.correlationId);
    expect(logged).toEqual(ids);
  });
});

describe('headers', () => {
  it.each(['/api/orders', '/api/none'])('keep browsers from using the data of %s elsewhere', async (path) => {
    const { headers } = await (await startApi()).get(path);
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it.each(['/docs', '/nowhere', '/health/live'])('protect browsers from %s', async (path) => {
    const { headers } = await (await startApi()).get(path);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
    expect(headers['content-security-policy']).toContain("default-src 'self'");
  });
});
