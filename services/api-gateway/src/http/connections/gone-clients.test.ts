import { EventEmitter, once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { leaveRaw, openRaw } from '@orderflow/testing/raw-client';
import { valueOf } from '@orderflow/testing/samples';
import type { FastifyReply } from 'fastify';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, bodyOf, quiet, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';
import { whenOver } from './when-over.js';

afterEach(leaveRaw);

const ORDER = JSON.stringify(anOrder());
const JSON_HEADERS = `Content-Type: application/json\r\nContent-Length: ${ORDER.length}\r\n`;
const REQUESTS = [
  ...['/', '/docs', '/docs/swagger-ui.css', '/page/main.js', '/openapi.json', '/asyncapi.json', '/metrics'],
  ...['/health/live', '/health/ready', '/nowhere', '/%', '/api/orders', `/api/orders/${newId()}`, '/api/system'],
  ...['/api/system/events', '/api/dead-letters', `/api/orders/${newId()}/events`],
]
  .map((path) => ({ what: `GET ${path}`, text: `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n` }))
  .concat([
    { what: 'an order', text: `POST /api/orders HTTP/1.1\r\nHost: localhost\r\n${JSON_HEADERS}\r\n${ORDER}` },
    { what: 'half an order', text: `POST /api/orders HTTP/1.1\r\nHost: localhost\r\n${JSON_HEADERS}\r\n{"a` },
  ]);

function createReply() {
  const raw = Object.assign(new EventEmitter(), { closed: false });
  const socket = Object.assign(new EventEmitter(), { destroyed: false });
  return { raw, socket, reply: { raw, request: { raw: { socket } } } as unknown as FastifyReply };
}

/** Turns of the event loop from the arrival of the request's head until its connection breaks; 0 is before any of our code. */
const TURNS = [0, 1, 2, 5, 20];

const requestsInMetrics = async (api: Api) => (await api.get('/metrics')).text;

async function listen({ app }: Api): Promise<{ server: Server; port: number }> {
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer();
  return { server, port: (server.address() as AddressInfo).port };
}

describe('a client that has left', () => {
  it('before its request is read has ordered nothing', async () => {
    const api = await startApi();
    const { server, port } = await listen(api);
    const gone = once(
      server.prependOnceListener('request', ({ socket }: IncomingMessage) => socket.destroy()),
      'request',
    );
    await openRaw(port, REQUESTS.find(({ what }) => what === 'an order')?.text);
    await gone;
    await quiet();
    expect(api.orders()).toEqual([]);
    expect(api.log.lines.filter(({ message }) => message === 'request')).toEqual([]);
  });

  it.each(REQUESTS)('after $what causes no error, whenever it leaves', async ({ text }) => {
    const api = await startApi();
    const { server, port } = await listen(api);
    for (const turns of TURNS) {
      const broken = new Promise<void>((resolve) => {
        server.prependOnceListener('request', ({ socket }: IncomingMessage) => {
          void (async () => {
            for (let turn = 0; turn < turns; turn++) await setImmediate();
            socket.destroy();
            resolve();
          })();
        });
      });
      const client = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
      await once(client, 'connect');
      client.write(text);
      await broken;
      client.destroy();
      await quiet();
    }
    expect(api.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    const metrics = await requestsInMetrics(api);
    expect(metrics).not.toMatch(/http_requests_total{[^}]*status="5/);
    for (const kind of ['system', 'order']) expect(valueOf(metrics, 'event_streams_open', { kind })).toBe(0);
  });

  it.each(['2', '1', '127.0.0.1'])('causes no error where proxies are trusted (%s)', async (trusted) => {
    const api = await startApi({ TRUST_PROXY: trusted });
    const { server, port } = await listen(api);
    server.prependOnceListener('request', ({ socket }: IncomingMessage) => socket.destroy());
    const client = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
    client.write('GET /api/orders HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n');
    await once(client, 'close');
    expect(api.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a connection that breaks', () => {
  const streams = async (api: Api) => {
    const text = await requestsInMetrics(api);
    return ['system', 'order'].reduce((sum, kind) => sum + (valueOf(text, 'event_streams_open', { kind }) ?? 0), 0);
  };

  it('frees the streams requested on it, including queued ones', async () => {
    const api = await startApi();
    const { port } = await listen(api);
    const { orderId } = bodyOf<{ orderId: string }>(await api.post('/api/orders', anOrder()));
    const paths = ['/api/system/events', `/api/orders/${orderId}/events`, '/api/orders', '/api/system/events'];
    const client = await openRaw(port, paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''));
    while ((await streams(api)) < 3) await setImmediate();
    client.socket.resetAndDestroy();
    while ((await streams(api)) > 0) await setImmediate();
  });

  it('closes the files requested on it', async () => {
    const api = await startApi();
    const { port } = await listen(api);
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    const client = await openRaw(port);
    client.socket.pause();
    client.socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(30));
    await eventually(() => openFiles() > before + 5);
    client.socket.resetAndDestroy();
    await eventually(() => openFiles() <= before);
  });
});

describe('a callback for the end of an answer', () => {
  it('runs once for each answer, whatever ends it', () => {
    const { reply, raw, socket } = createReply();
    const runs: string[] = [];
    whenOver(reply, () => runs.push('a'));
    whenOver(reply, () => runs.push('b'));
    raw.emit('close');
    socket.emit('close');
    expect(runs).toEqual(['a', 'b']);
  });

  it('runs when the connection closes without the answer, and at once if it already has', () => {
    const { reply, socket } = createReply();
    const runs: string[] = [];
    whenOver(reply, () => runs.push('a'));
    socket.destroyed = true;
    socket.emit('close');
    whenOver(reply, () => runs.push('b'));
    expect(runs).toEqual(['a', 'b']);
  });
});
