import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CreateOrderRequest } from '@orderflow/contracts';
import { placeOrders } from './load.js';

describe('the load', () => {
  let server: Server;
  let baseUrl: string;
  let answer: (response: ServerResponse, attempt: number) => void;
  let seen: { customerId: string; correlationId: unknown; key: unknown }[];

  beforeEach(async () => {
    seen = [];
    server = createServer((incoming, response) => {
      // It needs no token.
      if (incoming.method === 'GET') {
        response.writeHead(404).end();
        return;
      }
      void json(incoming).then((body) => {
        const { 'x-correlation-id': correlationId, 'idempotency-key': key } = incoming.headers;
        seen.push({ customerId: (body as CreateOrderRequest).customerId, correlationId, key });
        answer(response, seen.length);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const accept = (response: ServerResponse) => response.writeHead(201).end('{"orderId":"order-1"}');

  it('places each order once, in a separate request', async () => {
    answer = accept;
    const placed = await placeOrders({ baseUrl, count: 5, concurrency: 2, firstIndex: 10 });
    expect(placed.map(({ index, outcome, orderId, attempts }) => [index, outcome, orderId, attempts])).toEqual(
      [10, 11, 12, 13, 14].map((index) => [index, 'ok', 'order-1', 1]),
    );
    expect(new Set(seen.map(({ customerId }) => customerId)).size).toBe(5);
    expect(new Set(seen.map(({ correlationId }) => correlationId))).toEqual(
      new Set(placed.map(({ correlationId }) => correlationId)),
    );
  });

  it('reports only orders that were certainly not stored as refused', async () => {
    const outcomeOf = async (respond: typeof answer, url = baseUrl) => {
      answer = respond;
      const [placed] = await placeOrders({ baseUrl: url, count: 1, timeoutMs: 100 });
      return placed?.outcome;
    };
    expect(await outcomeOf((response) => response.writeHead(422).end())).toBe('refused');
    expect(await outcomeOf((response) => response.writeHead(503).end())).toBe('unknown');
    expect(await outcomeOf((response) => response.socket?.destroy())).toBe('unknown');
    expect(await outcomeOf(() => undefined)).toBe('unknown');
    expect(await outcomeOf(accept, 'http://127.0.0.1:1')).toBe('refused');
  });

  it('retries with the same key until accepted, if requested', async () => {
    answer = (response, attempt) => (attempt < 3 ? response.socket?.destroy() : accept(response));
    const [placed] = await placeOrders({ baseUrl, count: 1, until: 'accepted' });
    expect(placed).toMatchObject({ outcome: 'ok', attempts: 3 });
    expect(new Set(seen.map(({ key }) => key))).toEqual(new Set([placed?.correlationId]));
  });

  it('does not retry an order that the API has refused', async () => {
    answer = (response) => response.writeHead(422).end();
    const [placed] = await placeOrders({ baseUrl, count: 1, until: 'accepted', idempotencyKeyOf: () => 'key-1' });
    expect(placed).toMatchObject({ outcome: 'refused', status: 422, attempts: 1 });
    expect(seen.map(({ key }) => key)).toEqual(['key-1']);
  });
});
