import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { createFailureLog } from '@orderflow/platform/health/failure-log';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { areWorkerUrls, askWorkers as ask, parseWorkerUrls, type WorkerUrl } from './worker-states.js';

/** Logs what `askWorkers` reports to it. */
function createLogged() {
  const { logger, lines } = createRecordingLogger();
  const failures = createFailureLog(logger, { failed: 'unreachable', passes: 'reachable again' });
  return { lines, askWorkers: (urls: WorkerUrl[]) => ask(urls, createMonotonicClock(), failures) };
}

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
    const down = { status: 'error', error: { 'bus b': { status: 'down', reason: 'rule a is disabled' } } };
    const ready = await serve(200, '{"status":"ok"}');
    const notReady = await serve(503, JSON.stringify(down));
    const odd = await serve(503, 'gateway');
    const gone = await serve(200, '');
    const [server] = [...servers].slice(-1);
    server?.close();
    if (server) servers.delete(server);
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const { askWorkers, lines } = createLogged();
    const states = await askWorkers([
      ...[notReady, ready, odd, gone].map((port) => ({ service: 'order-worker', url: url(port) })),
      { service: 'a-worker', url: 'http://no-such-host.invalid:3000' },
    ]);
    expect(states[0]).toMatchObject({
      service: 'a-worker',
      address: 'no-such-host.invalid:3000',
      status: 'unreachable',
      reason: expect.stringMatching(/^Error \((ENOTFOUND|EAI_AGAIN)\): unavailable$/) as unknown,
    });
    const byAddress = Object.fromEntries(states.map(({ address, status, reason }) => [address, [status, reason]]));
    expect(byAddress[`127.0.0.1:${ready}`]).toEqual(['ready', undefined]);
    expect(byAddress[`127.0.0.1:${notReady}`]).toEqual(['not ready', 'bus b: rule a is disabled']);
    expect(byAddress[`127.0.0.1:${odd}`]).toEqual(['not ready', 'it answers 503 without a health report']);
    expect(byAddress[`127.0.0.1:${gone}`]).toEqual(['unreachable', 'Error (ECONNREFUSED): unavailable']);
    expect(lines.map(({ fields }) => fields.check)).toContain(`order-worker at 127.0.0.1:${gone}`);
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
    const { askWorkers } = createLogged();
    const states = await askWorkers([{ service: 'order-worker', url: `https://localhost:${port}` }]);
    server.close();
    await once(server, 'close');
    expect(states.map(({ address, status }) => [address, status])).toEqual([[`localhost:${port}`, 'unreachable']]);
    expect(hellos[0]).toContain('localhost');
  });

  it('does not wait for one that hangs', async () => {
    const hanging = await serve(200, undefined);
    const { askWorkers } = createLogged();
    const [state] = await askWorkers([{ service: 'order-worker', url: `http://127.0.0.1:${hanging}` }]);
    expect(state).toMatchObject({ status: 'unreachable', reason: 'no answer within 1000 ms' });
  });

  it('logs once that one is unreachable, with the whole error, and that it is reachable again', async () => {
    const { askWorkers, lines } = createLogged();
    const port = await serve(200, '{"status":"ok"}');
    const [server] = servers;
    const look = () => askWorkers([{ service: 'order-worker', url: `http://127.0.0.1:${port}` }]);
    await look();
    server?.closeAllConnections();
    server?.close();
    await once(server!, 'close');
    for (let times = 0; times < 3; times++) await look();
    server?.listen(port, '127.0.0.1');
    await once(server!, 'listening');
    await look();
    expect(lines.map(({ message }) => message)).toEqual(['unreachable', 'reachable again']);
    expect(lines[0]?.fields.err).toMatchObject({ message: `connect ECONNREFUSED 127.0.0.1:${port}` });
  });
});
