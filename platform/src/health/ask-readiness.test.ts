import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { askReadiness } from './ask-readiness.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(status: number, body: unknown, headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const base = await serve((_, response) => response.writeHead(status, headers).end(text));
  return askReadiness(base, 2_000);
}

const down = (reason: unknown) => ({ status: 'error', error: { 'table a-orders': { status: 'down', reason } } });
const ARN = 'arn:aws:iam::123456789012:role/orders';

describe('a service', () => {
  it.each<[status: number, body: unknown, readiness: object]>([
    [200, { status: 'ok', details: { a: { status: 'up' } } }, { status: 'ready' }],
    [
      200,
      { status: 'degraded', details: { 'bus a': { status: 'up', degraded: true, reason: 'TimeoutError: timeout' } } },
      { status: 'degraded', reason: 'bus a: TimeoutError: timeout' },
    ],
    [503, down('rule b is disabled'), { status: 'not ready', reason: 'table a-orders: rule b is disabled' }],
    [503, { status: 'error', message: 'draining' }, { status: 'not ready', reason: 'draining' }],
    [
      421,
      { status: 'error', code: 'HOST_NOT_ALLOWED', message: 'This is not "a.b".' },
      { status: 'not ready', reason: 'HOST_NOT_ALLOWED' },
    ],
    [503, { status: 'error' }, { status: 'not ready', reason: 'it answers 503 and gives no reason' }],
  ])('that answers %i with %j', async (status, body, readiness) => {
    expect(await ask(status, body)).toEqual(readiness);
  });

  it('is unreachable if it refuses the connection or hangs; only the error has the address', async () => {
    const base = await serve(() => undefined);
    const hanging = await askReadiness(base, 20);
    expect(hanging).toMatchObject({ status: 'unreachable', reason: 'no answer within 20 ms' });
    const [server] = servers.splice(0);
    server?.closeAllConnections();
    server?.close();
    await once(server!, 'close');
    const refused = await askReadiness(base, 2_000);
    expect(refused).toMatchObject({ status: 'unreachable', reason: 'Error (ECONNREFUSED): unavailable' });
    expect(refused.error?.message).toContain('127.0.0.1');
  });
});

describe('what cannot be a report of a service', () => {
  const noReport = (status: number) => ({
    status: 'not ready',
    reason: `it answers ${status} without a health report`,
  });

  it.each<[what: string, status: number, body: unknown]>([
    ['an empty body', 200, ''],
    ['a page to sign in at a proxy', 200, '<html>Sign in to proxy.internal</html>'],
    ['an error page', 502, '<html>10.0.3.7 refused the connection</html>'],
    ['null', 503, 'null'],
    ['a list', 503, [down('no')]],
    ['a text', 503, '"draining"'],
    ['100 KB', 503, down('x'.repeat(100_000))],
  ])('is not shown: %s', async (_, status, body) => {
    expect(await ask(status, body)).toEqual(noReport(status));
  });

  it('ends the connection, if the answer does not end', async () => {
    let onClose: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (onClose = resolve));
    const base = await serve((request, response) => {
      request.socket.once('close', onClose);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
        response.once('drain', more);
      };
      more();
    });
    expect(await askReadiness(base, 5_000)).toEqual(noReport(200));
    await closed;
  });

  it('is not followed to another address', async () => {
    let asked = 0;
    const elsewhere = await serve((_, response) => {
      asked += 1;
      response.end('{"status":"ok"}');
    });
    expect(await ask(302, '', { location: elsewhere })).toEqual(noReport(302));
    expect(asked).toBe(0);
  });

  it.each<[what: string, body: unknown]>([
    ['text of AWS', down(`AccessDeniedException: User: ${ARN} is not authorized`)],
    ['a reason that is an object', down({ arn: ARN })],
    ['control characters', down('\u001b[2J\r\ngone')],
    ['a long reason', down('x'.repeat(5_000))],
  ])('does not give its words: %s', async (_, body) => {
    expect(await ask(503, body)).toEqual({ status: 'not ready', reason: 'table a-orders is down' });
  });

  it.each<[what: string, body: unknown]>([
    ['the name of a check', { error: { [ARN]: { reason: 'draining' } } }],
    ['a check that is no object', { error: { a: ARN, b: null, c: [ARN] } }],
    ['the message', { message: `${ARN} is down` }],
    ['checks that are a text', { error: ARN, details: ARN }],
  ])('is left out: %s', async (_, body) => {
    expect(await ask(503, body)).toEqual({ status: 'not ready', reason: 'it answers 503 and gives no reason' });
  });

  it('has at most 200 characters', async () => {
    const error = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`check ${n}`, { reason: 'draining' }]));
    expect((await ask(503, { error })).reason).toHaveLength(200);
  });
});
