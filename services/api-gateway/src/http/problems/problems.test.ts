import { describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { anOrder, bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

describe('every problem', () => {
  it('is a problem document without internal details', async () => {
    const { get } = await startApi();
    const id = newId();
    const answer = await get(`/api/orders/${id}?x=1`, { 'x-correlation-id': 'mine' });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(bodyOf(answer)).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is no order with this id.',
      instance: `/api/orders/${id}`,
      code: 'ORDER_NOT_FOUND',
      correlationId: 'mine',
    });
  });

  it('of a defect is a 500 without a stack trace, and an error in the log', async () => {
    const { aws, get, log } = await startApi();
    aws.dynamo.failNext('Get', new TypeError('secret of the inside'));
    const answer = await get(`/api/orders/${newId()}`, { 'x-correlation-id': 'mine' });
    expect(answer.status).toBe(500);
    expect(bodyOf(answer)).toMatchObject({ code: 'INTERNAL_ERROR', correlationId: 'mine' });
    expect(answer.text).not.toMatch(/secret|TypeError|\.ts|\.js|\bat /);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([
      expect.objectContaining({
        message: 'request failed',
        fields: {
          correlationId: 'mine',
          traceId: expect.any(String) as unknown,
          err: expect.objectContaining({ message: 'secret of the inside' }) as unknown,
        },
      }),
    ]);
  });
});

describe('an unknown path', () => {
  it.each(['/api', '/api/order', '/api/orders/a/b/c', '/health/dead', '/api/orders//', '/API/orders'])(
    '%s is 404',
    async (url) => {
      const answer = await (await startApi()).get(url);
      expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 404, code: 'ROUTE_NOT_FOUND' });
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.headers.allow).toBeUndefined();
    },
  );

  it('with a trailing slash is not a wrong method', async () => {
    const answer = await (await startApi()).get('/api/orders/');
    expect([200, 404]).toContain(answer.status);
  });
});

describe('an unsupported method', () => {
  it.each([
    ['PUT', '/api/orders', ['GET', 'HEAD', 'POST']],
    ['DELETE', '/api/orders', ['GET', 'HEAD', 'POST']],
    ['PATCH', `/api/orders/${newId()}`, ['GET', 'HEAD']],
    ['POST', `/api/orders/${newId()}/notifications`, ['GET', 'HEAD']],
    ['GET', '/api/notifications', ['POST']],
    ['POST', '/health/live', ['GET', 'HEAD']],
    ['POST', '/asyncapi.json', ['GET', 'HEAD']],
    ['POST', '/openapi.json', ['GET', 'HEAD']],
    ['OPTIONS', '/api/orders', ['GET', 'HEAD', 'POST']],
    // Without a content type: Fastify refuses it for this method on any path.
    ['QUERY', '/api/orders', ['GET', 'HEAD', 'POST']],
  ])('%s %s is 405 with Allow', async (method, url, allowed) => {
    const answer = await (await startApi()).request(method, url);
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    });
    expect(answer.headers.allow?.split(', ').sort()).toEqual(allowed);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('is never listed in Allow', async () => {
    const { request } = await startApi();
    expect((await request('HEAD', '/api/orders')).status).toBe(200);
    expect((await request('HEAD', '/health/live')).status).toBe(200);
  });
});

describe('a body', () => {
  const sized = (bytes: number) => {
    const order = JSON.stringify(anOrder());
    return order + ' '.repeat(bytes - order.length);
  };

  it('of 256 KB is read, and one more byte is 413', async () => {
    const { post, orders } = await startApi();
    expect((await post('/api/orders', sized(262_144))).status).toBe(201);
    const answer = await post('/api/orders', sized(262_145));
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(orders()).toHaveLength(1);
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'x',
  ])('of type %s is 415', async (contentType) => {
    const { request, orders } = await startApi();
    const headers = { 'content-type': contentType };
    const answer = await request('POST', '/api/orders', { headers, payload: JSON.stringify(anOrder()) });
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(orders()).toEqual([]);
  });

  it('without a content type is 415', async () => {
    const answer = await (await startApi()).request('POST', '/api/orders', { payload: Buffer.from('{}') });
    expect(answer.status).toBe(415);
  });

  it('of JSON with a charset is accepted', async () => {
    const { post } = await startApi();
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await post('/api/orders', anOrder(), headers)).status).toBe(201);
  });
});

describe('too many requests', () => {
  it('are 429 with Retry-After, and health is not counted', async () => {
    const { get, post, orders } = await startApi({ RATE_LIMIT_MAX: '2' });
    for (let i = 0; i < 5; i++) expect((await get('/health/live')).status).toBe(200);
    expect((await get('/api/orders')).status).toBe(200);
    expect((await post('/api/orders', anOrder())).status).toBe(201);
    const answer = await post('/api/orders', anOrder(), { 'x-correlation-id': 'mine' });
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 429, code: 'RATE_LIMITED' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['x-correlation-id']).toBe('mine');
    expect(orders()).toHaveLength(1);
  });
});

describe('too many requests outside the API', () => {
  it.each(['/', '/asyncapi.json', '/openapi.json'])('%s are 429 as well', async (path) => {
    const { get } = await startApi({ RATE_LIMIT_MAX: '1' });
    await get('/api/orders');
    const answer = await get(path);
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 429, code: 'RATE_LIMITED' });
  });
});
