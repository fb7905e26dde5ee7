import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createApi, type Api } from './api.js';

const NOW = Date.UTC(2027, 2, 14, 15);

describe('the API', () => {
  const seen: { method: string | undefined; key: unknown; body: string }[] = [];
  const authorizations: (string | undefined)[] = [];
  let tokensGiven = 0;
  const interrupted = new AbortController();
  let server: Server;
  let api: Api;
  let headers: Record<string, string> = {};
  let answer = '{}';
  let status = 503;

  async function keep(request: IncomingMessage): Promise<void> {
    authorizations.push(request.headers.authorization);
    seen.push({ method: request.method, key: request.headers['idempotency-key'], body: await text(request) });
  }
  beforeEach(async () => {
    server = createServer((request, response) => {
      void keep(request).then(() => response.writeHead(status, headers).end(answer));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const tokens = {
      headers: () => Promise.resolve({ authorization: `Bearer ${tokensGiven}` }),
      forget: () => {
        tokensGiven += 1;
      },
    };
    api = createApi({ url: `http://127.0.0.1:${port}`, tokens }, { signal: interrupted.signal, now: () => NOW });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('gets the idempotency key of an order', async () => {
    expect(await api.post('/api/orders', { a: 1 }, 'key-1')).toEqual({ status: 503, body: {} });
    expect(seen).toEqual([{ method: 'POST', key: 'key-1', body: '{"a":1}' }]);
  });

  it.each([
    ['7', 7_000],
    [new Date(NOW + 3_000).toUTCString(), 3_000],
    [new Date(NOW - 3_000).toUTCString(), 0],
    ['soon', undefined],
  ])('turns Retry-After: %s into a delay', async (retryAfter, ms) => {
    headers = { 'retry-after': retryAfter };
    expect((await api.get('/')).retryAfterMs).toBe(ms);
  });

  it('may answer with something other than JSON', async () => {
    answer = '<html>';
    expect((await api.get('/')).body).toBeUndefined();
  });

  it('gets another token when it refuses one, and is asked once more', async () => {
    [status, answer] = [401, '{"code":"TOKEN_INVALID"}'];
    authorizations.length = 0;
    expect(await api.get('/')).toMatchObject({ status: 401, body: { code: 'TOKEN_INVALID' } });
    expect(authorizations).toEqual(['Bearer 0', 'Bearer 1']);
  });

  it('is not waited for after Ctrl-C', async () => {
    const asked = api.get('/');
    interrupted.abort(new Error('Interrupted.'));
    await expect(asked).rejects.toThrow('Interrupted.');
    await expect(api.get('/')).rejects.toThrow('Interrupted.');
  });
});
