import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { openRaw, leaveRaw, parseAnswer, UNSERVABLE } from '@orderflow/testing/raw-client';
import { samplesOf, valueOf } from '@orderflow/testing/samples';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// These tests send many requests in sequence.
jest.setTimeout(30_000);
afterEach(leaveRaw);

async function listen({ app }: Api): Promise<number> {
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

async function ask(port: number, text: string) {
  const client = await openRaw(port, text);
  await eventually(() => client.socket.readableEnded);
  return parseAnswer(client.received());
}

const head = (method: string, target: string, ...headers: string[]): string =>
  [`${method} ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n');

/** Requests that no route serves, and their answers. */
const UNROUTED: [string, string, number, string][] = [
  ...['/nowhere', '/healthzzz', '/health/', '/healthz', '/metricsx', '/metrics/', '/docsx', '/api/', '/api'].map(
    (target): [string, string, number, string] => ['GET', target, 404, 'ROUTE_NOT_FOUND'],
  ),
  ...[
    '/%',
    '/%zz',
    '/health%',
    '/api/orders/%',
    '/api/orders/%ff',
    '/%?x=1',
    '/health/%c3%28',
    'http://localhost/%',
  ].map((target): [string, string, number, string] => ['GET', target, 400, 'MALFORMED_REQUEST']),
  ...['/api/orders', '/%61pi/orders', '/api/%6frders?x=1', '/api/orders?', 'http://localhost/api/orders'].flatMap(
    (target) =>
      ['DELETE', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'].map((method): [string, string, number, string] => [
        method,
        target,
        405,
        'METHOD_NOT_ALLOWED',
      ]),
  ),
  ...['/health/live', '/%68ealth/ready', '/metrics', '/', '/openapi.json', '/page/main.js'].map(
    (target): [string, string, number, string] => ['POST', target, 405, 'METHOD_NOT_ALLOWED'],
  ),
];

type Answer = ReturnType<typeof parseAnswer>;

function expectProblem({ status, headers, body }: Answer, expected: { status: number; code?: string }): void {
  expect({ status, type: headers['content-type']?.split(';')[0] }).toEqual({
    status: expected.status,
    type: 'application/problem+json',
  });
  const problem = JSON.parse(body) as { code: string; status: number; correlationId: string };
  expect(problem).toMatchObject(expected);
  expect(problem.correlationId).toMatch(UUID);
  expect(headers).toMatchObject({
    'x-correlation-id': problem.correlationId,
    'x-content-type-options': 'nosniff',
    'x-frame-options': expect.any(String) as unknown,
    'content-security-policy': expect.any(String) as unknown,
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
  });
}

const loggedStatuses = ({ log }: Api) =>
  log.lines.filter(({ message }) => message === 'request').map(({ fields }) => fields.status);

describe('a request that no route serves', () => {
  it('is a problem, with headers, an id, a log line and a metric', async () => {
    const api = await startApi();
    const port = await listen(api);
    for (const [method, target, status, code] of UNROUTED) {
      const answer = await ask(port, head(method, target));
      expectProblem(answer, { status, code });
      if (status === 405) expect(answer.headers.allow).toMatch(/GET|POST/);
      const correlationId = answer.headers['x-correlation-id'];
      const lineOf = () => api.log.lines.find(({ fields }) => fields.correlationId === correlationId);
      await eventually(() => lineOf() !== undefined);
      expect(lineOf()).toMatchObject({ level: 'info', message: 'request', fields: { route: '(none)', status } });
    }
    const { text } = await api.get('/metrics');
    for (const code of [400, 404, 405]) {
      const counted = samplesOf(text).filter(
        ({ name, labels }) =>
          name === 'http_requests_total' && labels.route === '(none)' && labels.status === String(code),
      );
      const expected = UNROUTED.filter(([, , status]) => status === code).length;
      expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(expected);
    }
  });

  it('counts for the rate limit', async () => {
    const api = await startApi({ RATE_LIMIT_MAX: '1' });
    const port = await listen(api);
    for (const [method, target, status] of UNROUTED) {
      api.time.ms += 60_000;
      expect((await ask(port, head(method, target))).status).toBe(status);
      const answer = await ask(port, head(method, target));
      expectProblem(answer, { status: 429, code: 'RATE_LIMITED' });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
  });
});

describe('a request that Node itself refuses', () => {
  it.each(UNSERVABLE)('$what is $status: a problem, with headers, an id, a log line and a metric', async (one) => {
    const api = await startApi();
    const answer = await ask(await listen(api), one.text.replaceAll('{path}', '/api/orders'));
    expectProblem(answer, { status: one.status });
    await eventually(() => loggedStatuses(api).includes(one.status));
    expect(loggedStatuses(api)).toEqual([one.status]);
    expect(api.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    const { text } = await api.get('/metrics');
    expect(valueOf(text, 'http_requests_total', { status: String(one.status) })).toBe(1);
  });

  it('counts for the rate limit', async () => {
    const port = await listen(await startApi({ RATE_LIMIT_MAX: '1' }));
    await ask(port, 'nonsense\r\n\r\n');
    expectProblem(await ask(port, 'nonsense\r\n\r\n'), { status: 429, code: 'RATE_LIMITED' });
  });

  it('a tunnel is refused', async () => {
    const api = await startApi();
    const answer = await ask(await listen(api), 'CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n');
    expectProblem(answer, { status: 400, code: 'MALFORMED_REQUEST' });
    expect(loggedStatuses(api)).toEqual([400]);
  });

  it('is answered after earlier requests', async () => {
    const port = await listen(await startApi());
    const client = await openRaw(port, 'GET /api/orders HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n');
    await eventually(() => client.socket.readableEnded);
    expect(client.received().match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '400']);
  });
});

describe('the Expect header', () => {
  const order = JSON.stringify(anOrder());
  const post = (...headers: string[]) => head('POST', '/api/orders', 'Content-Type: application/json', ...headers);

  it('gets 100 Continue when the API reads the body', async () => {
    const port = await listen(await startApi());
    const client = await openRaw(port, post('Expect: 100-continue', `Content-Length: ${order.length}`));
    await eventually(() => client.received() !== '');
    expect(client.received()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.socket.write(order);
    await eventually(() => client.socket.readableEnded);
    expect(parseAnswer(client.received().split('\r\n\r\n').slice(1).join('\r\n\r\n')).status).toBe(201);
  });

  it.each([
    ['a body that is too large', 413, ['Content-Length: 5000000']],
    ['a foreign page', 403, ['Content-Length: 10', 'Origin: http://evil.example']],
  ])('gets an error instead of 100 Continue for %s', async (_, status, headers) => {
    const port = await listen(await startApi());
    expectProblem(await ask(port, post('Expect: 100-continue', ...headers)), { status });
  });

  it.each(['103-early', '100', 'x', ''])('with another value (%s) gets 417', async (value) => {
    const port = await listen(await startApi());
    const answer = await ask(port, post(`Expect: ${value}`, 'Content-Length: 0'));
    expectProblem(answer, { status: 417, code: 'EXPECTATION_FAILED' });
  });
});
