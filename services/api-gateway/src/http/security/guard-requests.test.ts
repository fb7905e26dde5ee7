import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { HEADS, sendHead } from '@orderflow/testing/hostile-heads';
import { anOrder, bodyOf, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

type OpenApi = { paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>> };

const ORDER_ID = '018f0000-0000-7000-8000-000000000000';
/** One path of each kind that OpenAPI does not describe. */
const OTHER_PATHS = [
  ...[
    '/',
    '/page/main.js',
    '/page/uplot/uPlot.esm.js',
    '/docs',
    '/docs/swagger-ui.css',
    '/openapi.json',
    '/asyncapi.json',
  ],
  ...[
    '/metrics',
    '/health',
    '/health/live',
    '/health/ready',
    '/api/system/events',
    '/nowhere',
    '/api/orders/%',
    '/api/nowhere',
  ],
];
const FOREIGN_PAGES: Record<string, string>[] = [
  { origin: 'http://evil.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site', origin: 'http://localhost:8080' },
];

let api: Api;
beforeEach(async () => {
  api = await startApi();
});

async function routes(): Promise<{ method: string; url: string; isStream: boolean }[]> {
  const { paths } = bodyOf<OpenApi>(await api.get('/openapi.json'));
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      url: path.replace(/\{\w+\}/g, ORDER_ID),
      isStream: responses['200']?.content !== undefined && 'text/event-stream' in responses['200'].content,
    })),
  );
}

function expectNothingDone(): void {
  expect(api.aws.dynamo.calls).toEqual([]);
  expect(api.aws.eventBridge.calls).toEqual([]);
  expect(api.aws.sqs.calls).toEqual([]);
}

it('a request is served or refused by its head', async () => {
  await api.app.listen(0, '127.0.0.1');
  const listener = { port: Number(new URL(await api.app.getUrl()).port), service: 'api-gateway', path: '/' };
  const answers = await Promise.all(HEADS.map((head) => sendHead(head, listener)));
  expect(HEADS.map(({ what }, index) => [what, answers[index]?.outcome])).toEqual(
    HEADS.map(({ what, status }) => [what, status]),
  );
  expect(answers.filter(({ head }) => head.includes('access-control-'))).toEqual([]);
});

describe('a Host that is not ours', () => {
  it('gets 421 on every route, without any effect', async () => {
    const all = [...(await routes()), ...OTHER_PATHS.map((url) => ({ method: 'GET', url }))];
    for (const { method, url } of all) {
      const answer = await api.request(method, url, { headers: { host: 'evil.example' } });
      expect({ url, status: answer.status }).toEqual({ url, status: 421 });
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(bodyOf(answer)).toMatchObject({ code: 'HOST_NOT_ALLOWED', title: 'Misdirected Request' });
      expect(answer.headers.connection).toBe('close');
    }
    expectNothingDone();
  });

  it('is accepted if ALLOWED_HOSTS has it', async () => {
    const { get } = await startApi({ ALLOWED_HOSTS: 'shop.example, api.internal' });
    for (const host of ['shop.example', 'API.internal:8080', 'localhost', 'api-gateway:3000']) {
      expect((await get('/health/live', { host })).status).toBe(200);
    }
    expect((await get('/health/live', { host: 'evil.example' })).status).toBe(421);
  });

  it('does not count for the rate limit', async () => {
    const limited = await startApi({ RATE_LIMIT_MAX: '1' });
    for (let times = 0; times < 3; times++) await limited.get('/api/orders', { host: 'evil.example' });
    expect((await limited.get('/api/orders')).status).toBe(200);
  });
});

describe('a page of another origin', () => {
  it.each(FOREIGN_PAGES)('cannot change anything: %j', async (headers) => {
    const changing = (await routes()).filter(({ method }) => method !== 'GET');
    expect(changing.map(({ url }) => url)).toEqual(expect.arrayContaining(['/api/orders', '/api/notifications']));
    for (const { method, url } of changing) {
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
        const given = { headers: { ...headers, 'content-type': type }, payload: JSON.stringify(anOrder()) };
        const answer = await api.request(method, url, given);
        expect({ url, status: answer.status }).toEqual({ url, status: 403 });
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
        expect(bodyOf(answer)).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
      }
    }
    await setImmediate();
    expectNothingDone();
  });

  it.each(FOREIGN_PAGES)('cannot open streams of events: %j', async (headers) => {
    const streams = (await routes()).filter(({ isStream }) => isStream).map(({ url }) => url);
    expect(streams).toEqual([`/api/orders/${ORDER_ID}/events`]);
    for (const url of [...streams, '/api/system/events', '/api/system/%65vents']) {
      const answer = await api.get(url, headers);
      expect({ url, status: answer.status }).toEqual({ url, status: 403 });
    }
    expectNothingDone();
  });

  it('never gets permission to read', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
      for (const url of ['/api/orders', '/metrics', '/health', '/openapi.json', '/', '/nowhere']) {
        const answer = await api.request(method, url, { headers });
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
        expect(answer.headers['cross-origin-resource-policy']).toBe('same-origin');
      }
    }
  });
});

it('a page of our own origin can place an order', async () => {
  const headers = { origin: 'http://localhost:80', host: 'localhost', 'sec-fetch-site': 'same-origin' };
  expect((await api.post('/api/orders', anOrder(), headers)).status).toBe(201);
});
