import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { anOrder, bodyOf, NAMES, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';
import { leaveRaw, openRaw, parseAnswer, UNSERVABLE } from '@orderflow/testing/raw-client';

afterEach(leaveRaw);

const place = async ({ post }: Api) => bodyOf<{ orderId: string }>(await post('/api/orders', anOrder())).orderId;
const ORIGIN = { origin: 'http://evil.example' };
const JSON_TYPE = { 'content-type': 'application/json' };

describe('no cache keeps', () => {
  it.each<[what: string, status: number, method: string, url: string, extras?: object]>([
    ['an order', 200, 'GET', '/api/orders/{order}'],
    ['an unchanged order', 304, 'GET', '/api/orders/{order}', { headers: { 'if-none-match': '"v1"' } }],
    ['the headers of an order', 200, 'HEAD', '/api/orders/{order}'],
    ['an encoded path', 200, 'GET', '/%61pi/orders/{order}'],
    ['a list', 200, 'GET', '/api/orders?customerId=c-1'],
    ['the system', 200, 'GET', '/api/system'],
    ['dead letters', 200, 'GET', '/api/dead-letters'],
    ['an accepted order', 201, 'POST', '/api/orders', { payload: JSON.stringify(anOrder()), headers: JSON_TYPE }],
    ['a malformed path', 400, 'GET', '/api/orders/%'],
    ['a malformed path, encoded', 400, 'GET', '/%61pi/orders/%'],
    ['an invalid query', 400, 'GET', '/api/orders?limit=x'],
    ['a foreign origin', 403, 'POST', '/api/orders', { headers: ORIGIN }],
    ['an unknown order', 404, 'GET', `/api/orders/${newId()}`],
    ['an unknown route', 404, 'GET', '/api/nothing'],
    ['/api', 404, 'GET', '/api'],
    ['a wrong method', 405, 'DELETE', '/api/orders'],
    ['a large body', 413, 'POST', '/api/orders', { payload: ' '.repeat(300_000), headers: JSON_TYPE }],
    ['a wrong type', 415, 'POST', '/api/orders', { payload: 'x', headers: { 'content-type': 'text/plain' } }],
    ['a foreign host', 421, 'GET', '/api/orders', { headers: { host: 'evil.example' } }],
  ])('%s: %i', async (_, status, method, url, extras = {}) => {
    const api = await startApi();
    const answer = await api.request(method, url.replace('{order}', await place(api)), extras);
    expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store']);
  });

  it('a refusal of the rate limit', async () => {
    const api = await startApi({ RATE_LIMIT_MAX: '1' });
    await api.get('/api/orders');
    const answer = await api.get('/api/orders');
    expect([answer.status, answer.headers['cache-control']]).toEqual([429, 'no-store']);
  });

  it('a failure', async () => {
    const api = await startApi();
    api.aws.dynamo.failAlways('*', connectionRefused);
    const answer = await api.get('/api/orders');
    expect([answer.status, answer.headers['cache-control']]).toEqual([503, 'no-store']);
  });

  it('the end of a stream', async () => {
    const api = await startApi();
    const orderId = await place(api);
    api.aws.dynamo.seed(NAMES.ordersTable, { ...api.orders()[0], status: 'COMPLETED', version: 3 });
    const answer = await api.get(`/api/orders/${orderId}/events`, { 'last-event-id': '3' });
    expect([answer.status, answer.headers['cache-control']]).toEqual([204, 'no-store, no-transform']);
  });

  it.each(UNSERVABLE)('what Node itself refuses: $what', async ({ text, status }) => {
    const { app } = await startApi();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const client = await openRaw(port, text.replaceAll('{path}', '/api/orders'));
    await client.closed;
    const answer = parseAnswer(client.received());
    expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store']);
  });
});

it.each([
  ['/', 'no-cache'],
  ['/apis', undefined],
  ['/openapi.json', undefined],
])('%s, which is no answer of the API, is not affected', async (url, header) => {
  const { get } = await startApi();
  expect((await get(url)).headers['cache-control']).toBe(header);
});
