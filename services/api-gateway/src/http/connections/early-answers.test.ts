import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { leaveRaw, openRaw, parseAnswer, statusesOf } from '@orderflow/testing/raw-client';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, bodyOf, quiet, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

const LARGE = 'x'.repeat(5_000_000);
const JSON_TYPE = { 'content-type': 'application/json' };

afterEach(leaveRaw);

async function listen({ app }: Api): Promise<number> {
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

/** Requests whose large body is refused before it is read. */
const REFUSED: [string, number, { path?: string; method?: string; headers?: Record<string, string> }][] = [
  ['a body over the limit', 413, { headers: JSON_TYPE }],
  ['a body over the limit of unknown type', 415, { headers: { 'content-type': 'text/plain' } }],
  ['a body without a type', 415, {}],
  ['a foreign page', 403, { headers: { ...JSON_TYPE, origin: 'http://evil.example' } }],
  ['a foreign Host', 421, { headers: { ...JSON_TYPE, host: 'evil.example' } }],
  ['an unknown path', 404, { path: '/nowhere', headers: { 'content-type': 'text/plain' } }],
  ['an unsupported method', 405, { method: 'PUT', headers: { 'content-type': 'text/plain' } }],
  ['an expectation', 417, { headers: { ...JSON_TYPE, expect: 'x' } }],
];

const rawRequest = (
  { path = '/api/orders', method = 'POST', headers = {} }: (typeof REFUSED)[number][2],
  framing: string,
): string =>
  [
    `${method} ${path} HTTP/1.1`,
    ...Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`),
    framing,
    '',
    '',
  ].join('\r\n');

describe('an answer that comes before the end of the body', () => {
  it.each(REFUSED)('of %s (%i) reaches a client that sends everything first', async (_, status, options) => {
    const port = await listen(await startApi());
    const client = await openRaw(port);
    client.socket.pause();
    client.socket.write(rawRequest(options, `content-length: ${LARGE.length}`));
    await new Promise((resolve) => client.socket.write(LARGE, resolve));
    client.socket.resume();
    expect(await client.closed).toBe(true);
    expect(statusesOf(client.received())).toEqual([status]);
    expect(parseAnswer(client.received()).headers).toMatchObject({ connection: 'close' });
  });

  it('ends its connection: an order that follows the body is not accepted', async () => {
    const api = await startApi();
    const client = await openRaw(await listen(api), rawRequest({ headers: JSON_TYPE }, 'content-length: 1000000'));
    await eventually(() => statusesOf(client.received()).includes(413));
    const order = JSON.stringify(anOrder());
    client.socket.write('x'.repeat(1_000_000) + rawRequest({ headers: JSON_TYPE }, `content-length: ${order.length}`));
    client.socket.write(order);
    await client.closed;
    await quiet();
    expect(statusesOf(client.received())).toEqual([413]);
    expect(api.orders()).toEqual([]);
  });

  it('reaches a client that does not announce a length', async () => {
    const port = await listen(await startApi());
    const client = await openRaw(port, rawRequest({ headers: JSON_TYPE }, 'transfer-encoding: chunked'));
    client.socket.write(`${LARGE.length.toString(16)}\r\n${LARGE}\r\n0\r\n\r\n`);
    expect(await client.closed).toBe(true);
    expect(statusesOf(client.received())).toEqual([413]);
  });

  it('reaches a client that is over its rate limit', async () => {
    const api = await startApi({ RATE_LIMIT_MAX: '1' });
    const port = await listen(api);
    await api.get('/nowhere');
    const client = await openRaw(port, rawRequest({ headers: JSON_TYPE }, `content-length: ${LARGE.length}`));
    client.socket.write(LARGE);
    expect(await client.closed).toBe(true);
    expect(statusesOf(client.received())).toEqual([429]);
  });

  it('reaches the clients of Node', async () => {
    const port = await listen(await startApi());
    const url = `http://127.0.0.1:${port}/api/orders`;
    const request = httpRequest(url, { method: 'POST', headers: JSON_TYPE, agent: false });
    request.end(LARGE);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect(answer.resume().statusCode).toBe(413);
    const fetched = await fetch(url, { method: 'POST', headers: JSON_TYPE, body: LARGE });
    expect(bodyOf({ text: await fetched.text() })).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('ends its connection: later requests on it are not served', async () => {
    const api = await startApi();
    const client = await openRaw(await listen(api));
    const order = JSON.stringify(anOrder());
    const next = rawRequest({ headers: JSON_TYPE }, `content-length: ${order.length}`) + order;
    client.socket.write(rawRequest({ headers: JSON_TYPE }, `content-length: ${LARGE.length}`) + LARGE + next);
    await client.closed;
    expect(statusesOf(client.received())).toEqual([413]);
    expect(api.orders()).toEqual([]);
  });

  it('does not let a client send forever', async () => {
    const port = await listen(await startApi());
    const client = await openRaw(port, rawRequest({ headers: JSON_TYPE }, 'content-length: 100000000000'));
    const send = (): void => {
      while (!client.socket.destroyed && client.socket.write(LARGE));
    };
    client.socket.on('drain', send);
    send();
    await client.closed;
    expect(statusesOf(client.received())).toEqual([413]);
  });
});

describe('HEAD', () => {
  async function headAndGet(api: Api, path: string, headers: Record<string, string> = {}) {
    const [head, get] = [await api.request('HEAD', path, { headers }), await api.request('GET', path, { headers })];
    expect({ path, status: head.status }).toEqual({ path, status: get.status });
    return { head: head.headers, get: get.headers };
  }

  it('has the same status and headers as GET on every route', async () => {
    const api = await startApi();
    const { orderId } = bodyOf<{ orderId: string }>(await api.post('/api/orders', anOrder()));
    const paths = [
      ...['/', '/page/main.js', '/docs', '/openapi.json', '/asyncapi.json', '/health/live', '/health/ready'],
      ...['/api/orders', `/api/orders/${orderId}`, `/api/orders/${orderId}/timeline`, '/api/dead-letters'],
      ...[`/api/orders/${orderId}/notifications`, `/api/orders/${newId()}`, '/api/orders/42', '/nowhere', '/%'],
    ];
    for (const path of paths) {
      const { head, get } = await headAndGet(api, path);
      for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'last-modified']) {
        expect({ path, name, value: head[name] }).toEqual({ path, name, value: get[name] });
      }
    }
  });

  it('has no length if GET has none', async () => {
    const api = await startApi();
    const { orderId } = bodyOf<{ orderId: string }>(await api.post('/api/orders', anOrder()));
    const { head } = await headAndGet(api, `/api/orders/${orderId}`, { 'if-none-match': '*' });
    expect(head).toMatchObject({ etag: '"v1"' });
    expect(head).not.toHaveProperty('content-length');
    const { etag = '' } = (await api.get('/page/main.js')).headers;
    expect((await headAndGet(api, '/page/main.js', { 'if-none-match': etag })).head['content-length']).not.toBe('0');
    for (const path of ['/api/system/events', `/api/orders/${orderId}/events`]) {
      const { status, headers } = await api.request('HEAD', path);
      expect({ status, type: headers['content-type'] }).toEqual({
        status: 200,
        type: 'text/event-stream; charset=utf-8',
      });
      expect(headers).not.toHaveProperty('content-length');
    }
    const [order] = api.orders();
    api.aws.dynamo.seed('test-orders', { ...order, status: 'COMPLETED', version: 3 });
    const { head: ended } = await headAndGet(api, `/api/orders/${orderId}/events`, { 'last-event-id': '3' });
    expect(ended).not.toHaveProperty('content-length');
  });
});
