import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { INCOMPLETE, leaveRaw, openRaw, statusesOf } from '@orderflow/testing/raw-client';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

const PATH = '/api/orders';

// These tests wait for timers of Node and the API of a second or more.
jest.setTimeout(30_000);
afterEach(leaveRaw);

async function listen({ app }: Api): Promise<{ server: Server; port: number }> {
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer();
  return { server, port: (server.address() as AddressInfo).port };
}

const textOf = ({ text }: { text: string }): string => text.replaceAll('{path}', PATH);

describe('an incomplete request', () => {
  it('gets 408 after 10 s', async () => {
    const { server, port } = await listen(await startApi());
    expect([server.requestTimeout, server.headersTimeout]).toEqual([10_000, 10_000]);
    Object.assign(server, { requestTimeout: 100, headersTimeout: 100 });
    const ended = INCOMPLETE.filter(({ statuses }) => statuses !== 'idle').map(async (one) => {
      const client = await openRaw(port, textOf(one));
      return { ...one, wasClean: await client.closed, received: statusesOf(client.received()) };
    });
    for (const { what, statuses, wasClean, received } of await Promise.all(ended)) {
      expect({ what, wasClean, received }).toEqual({ what, wasClean: true, received: statuses });
    }
  });

  it('does not keep the API from draining', async () => {
    const api = await startApi();
    const { port } = await listen(api);
    const clients = await Promise.all(INCOMPLETE.map((one) => openRaw(port, textOf(one))));
    await api.app.close();
    await Promise.all(clients.map(({ closed }) => closed));
    expect(api.log.lines.at(-1)?.message).toBe('drained');
    expect(api.closed.aws).toBe(true);
    expect(api.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is served if the rest arrives while the API closes', async () => {
    const api = await startApi();
    const { server, port } = await listen(api);
    const order = JSON.stringify(anOrder());
    const head = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const client = await openRaw(port, `${head}Content-Length: ${order.length}\r\n\r\n${order.slice(0, 10)}`);
    await once(server, 'request');
    const closed = api.app.close();
    await eventually(() => !server.listening);
    client.socket.write(order.slice(10));
    await closed;
    expect(statusesOf(client.received())).toEqual([201]);
  });
});

it('an unread answer does not keep the API from ending', async () => {
  const api = await startApi({ SHUTDOWN_TIMEOUT_MS: '2000' });
  const { server, port } = await listen(api);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = await openRaw(port);
  client.socket.pause();
  client.socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20));
  const [connection] = await accepted;
  // The kernel's buffer is full.
  await eventually(() => connection.writableLength > 0 && connection.writableNeedDrain);
  await api.app.close();
  expect(api.log.lines.at(-1)?.message).toBe('drained');
});
