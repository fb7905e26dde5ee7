import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { anItem, anOrder, NAMES, NOW_MS, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';
import { aStoredOrder } from '@orderflow/testing/stored-orders';

const BODY_BYTES = 262_144;
const MAX_BODY_BYTES = 16_777_216;
const sockets = new Set<Socket>();

/** A closing API waits for requests that are still arriving. */
function leave(): void {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
}

async function listen(api: Api): Promise<number> {
  await api.app.listen(0, '127.0.0.1');
  return (api.app.getHttpServer().address() as AddressInfo).port;
}

async function open(port: number, text: string) {
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.add(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return { socket, firstLine: async () => String((await once(socket, 'data'))[0]).split('\r\n', 1)[0] };
}

const request = (method: string, path: string, headers = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`;

describe('incomplete request bodies', () => {
  const headers = `Content-Type: application/json\r\nContent-Length: ${BODY_BYTES}\r\n`;

  it('take bounded memory, and small requests are served', async () => {
    const api = await startApi();
    const port = await listen(api);
    const post = request('POST', '/api/orders', headers);
    for (let i = 0; i < MAX_BODY_BYTES / BODY_BYTES; i++) await open(port, post);
    expect(await (await open(port, post)).firstLine()).toBe('HTTP/1.1 503 Service Unavailable');
    const body = JSON.stringify(anOrder());
    const small = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    expect(await (await open(port, request('POST', '/api/orders', small) + body)).firstLine()).toBe(
      'HTTP/1.1 201 Created',
    );
    leave();
  });
});

describe('event streams', () => {
  const path = '/api/system/events';

  it('are limited for each client', async () => {
    const port = await listen(await startApi({ STREAMS_PER_CLIENT_MAX: '3' }));
    const statuses: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) statuses.push(await (await open(port, request('GET', path))).firstLine());
    expect(statuses).toEqual([...Array<string>(3).fill('HTTP/1.1 200 OK'), 'HTTP/1.1 503 Service Unavailable']);
    leave();
  });
});

describe('unread answers', () => {
  it('end their connections, also when queued behind each other', async () => {
    const api = await startApi({ WRITE_TIMEOUT_MS: '1000' });
    const large = {
      customerId: 'customer-1',
      totalAmount: 1,
      items: Array(100).fill(anItem({ productName: 'x'.repeat(800) })),
    };
    const orders = Array.from({ length: 10 }, () => aStoredOrder({ request: large, now: NOW_MS }));
    api.aws.dynamo.seed(NAMES.ordersTable, ...orders);
    const port = await listen(api);
    const accepted = once(api.app.getHttpServer(), 'connection') as Promise<[Socket]>;
    const { socket } = await open(port, request('GET', '/api/orders').repeat(15));
    socket.pause();
    const [server] = await accepted;
    await once(server, 'close');
    expect((await api.get('/metrics')).text).toMatch(/http_slow_clients_disconnected_total{[^}]*"stalled"[^}]*} 1/);
  });
});
