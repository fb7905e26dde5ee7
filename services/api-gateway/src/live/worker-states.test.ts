import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { areWorkerUrls, askWorkers, parseWorkerUrls } from './worker-states.js';

const monotonic = createMonotonicClock();
const servers = new Set<Server>();
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  servers.clear();
});

async function serve(status: number, body: string | undefined): Promise<number> {
  const server = createServer((_, response) => {
    if (body !== undefined) response.writeHead(status).end(body);
  });
  servers.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('WORKER_URLS', () => {
  it('names services and their URLs', () => {
    const text = 'order-worker=http://order-worker:3000, order-worker=http://127.0.0.1:3011/?a=b';
    expect(areWorkerUrls(text)).toBe(true);
    expect(parseWorkerUrls(text)).toEqual([
      { service: 'order-worker', url: 'http://order-worker:3000' },
      { service: 'order-worker', url: 'http://127.0.0.1:3011/?a=b' },
    ]);
  });

  it.each([
    '',
    'order-worker',
    'order-worker=',
    '=http://a',
    'order-worker=ftp://a',
    'Order Worker=http://a',
    'a=http://a,',
  ])('is not %p', (text) => {
    expect(areWorkerUrls(text)).toBe(false);
  });
});

describe('asking workers', () => {
  it('reports which workers are ready, which are not and why, and which do not answer', async () => {
    const down = { status: 'error', error: { 'bus b': { status: 'down', reason: 'TimeoutError: no answer' } } };
    const ready = await serve(200, '{"status":"ok"}');
    const notReady = await serve(503, JSON.stringify(down));
    const odd = await serve(503, 'gateway');
    const gone = await serve(200, '');
    const [server] = [...servers].slice(-1);
    server?.close();
    if (server) servers.delete(server);
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const states = await askWorkers(
      [
        ...[notReady, ready, odd, gone].map((port) => ({ service: 'order-worker', url: url(port) })),
        { service: 'a-worker', url: 'http://no-such-host.invalid:3000' },
      ],
      monotonic,
    );
    expect(states[0]).toMatchObject({
      service: 'a-worker',
      address: 'no-such-host.invalid:3000',
      status: 'unreachable',
    });
    const byAddress = Object.fromEntries(states.map(({ address, status, reason }) => [address, [status, reason]]));
    expect(byAddress[`127.0.0.1:${ready}`]).toEqual(['ready', undefined]);
    expect(byAddress[`127.0.0.1:${notReady}`]).toEqual(['not ready', 'bus b: TimeoutError: no answer']);
    expect(byAddress[`127.0.0.1:${odd}`]).toEqual(['not ready', 'gateway']);
    expect(byAddress[`127.0.0.1:${gone}`]).toEqual(['unreachable', expect.stringContaining('ECONNREFUSED') as unknown]);
  });

  it('asks https by name, because of the certificate', async () => {
    const hellos: string[] = [];
    // The client's first message names the host in clear text: https://www.rfc-editor.org/rfc/rfc6066#section-3
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (hello) => {
        hellos.push(hello.toString('latin1'));
        socket.destroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const states = await askWorkers([{ service: 'order-worker', url: `https://localhost:${port}` }], monotonic);
    server.close();
    await once(server, 'close');
    expect(states.map(({ address, status }) => [address, status])).toEqual([[`localhost:${port}`, 'unreachable']]);
    expect(hellos[0]).toContain('localhost');
  });

  it('does not wait for one that hangs', async () => {
    const hanging = await serve(200, undefined);
    const [state] = await askWorkers([{ service: 'order-worker', url: `http://127.0.0.1:${hanging}` }], monotonic);
    expect(state).toMatchObject({ status: 'unreachable', reason: expect.stringContaining('timeout') as unknown });
  });
});
