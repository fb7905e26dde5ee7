import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Problem } from '@orderflow/contracts';
import { anItem, anOrder, bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

const JSON_TYPE = { 'content-type': 'application/json' };
const order = JSON.stringify(anOrder({ items: [anItem({ productName: 'Café' })] }));
/** The order with these bytes instead of the é. */
const withBytes = (...bytes: number[]): Buffer => {
  const [before = '', after = ''] = order.split('é');
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
};
const send = (api: Awaited<ReturnType<typeof startApi>>, payload: Buffer, headers: Record<string, string> = {}) =>
  api.request('POST', '/api/orders', { headers: { ...JSON_TYPE, ...headers }, payload });

describe('a body', () => {
  it.each<[string, number[]]>([
    ['Latin-1', [0xe9]],
    ['a truncated sequence', [0xc3]],
    ['a lone continuation byte', [0xa9]],
    ['an overlong sequence', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a code point beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['UTF-16', [0xff, 0xfe]],
  ])('of %s is 400, and nothing is stored', async (_, bytes) => {
    const api = await startApi();
    const answer = await send(api, withBytes(...bytes));
    expect(answer.status).toBe(400);
    expect(bodyOf<Problem>(answer).errors?.[0]?.message).toContain('UTF-8');
    expect(api.orders()).toEqual([]);
  });

  it('is stored as it was sent, or refused, whatever its bytes', async () => {
    const api = await startApi({ RATE_LIMIT_MAX: '1000000' });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 6 }), async (bytes) => {
        const payload = withBytes(...bytes);
        const { status, text } = await send(api, payload);
        expect([201, 400]).toContain(status);
        if (status === 400) return;
        const sent = JSON.parse(payload.toString()) as { items: object[] };
        expect(payload.equals(Buffer.from(payload.toString()))).toBe(true);
        expect((JSON.parse(text) as { items: object[] }).items).toEqual(sent.items);
      }),
      { numRuns: 30 },
    );
  });

  it('with invalid bytes is refused before its idempotency key is used', async () => {
    const api = await startApi();
    const key = { 'idempotency-key': 'k' };
    expect((await send(api, withBytes(0xe9), key)).status).toBe(400);
    expect((await send(api, withBytes(0xe8), key)).status).toBe(400);
    expect((await send(api, Buffer.from(order), key)).status).toBe(201);
  });

  it.each(['utf-8', 'UTF-8', 'utf8', '"utf-8"'])('may declare the charset %s', async (charset) => {
    const api = await startApi();
    const type = { 'content-type': `application/json; charset=${charset}` };
    expect((await send(api, Buffer.from(order), type)).status).toBe(201);
  });

  it.each([
    'iso-8859-1',
    'ISO-8859-1',
    'utf-16',
    'utf-16le',
    '"windows-1252"',
    'us-ascii',
    'utf-8; charset=latin1',
    '',
  ])('that declares the charset %s is 415', async (charset) => {
    const api = await startApi();
    const answer = await send(api, Buffer.from(order), { 'content-type': `application/json;charset=${charset}` });
    expect(answer.status).toBe(415);
    expect(answer.headers).not.toHaveProperty('accept-encoding');
  });

  it('may begin with a byte order mark', async () => {
    const api = await startApi();
    expect((await send(api, Buffer.concat([Buffer.from('\ufeff'), Buffer.from(order)]))).status).toBe(201);
  });

  it.each(['gzip', 'GZIP', 'br', 'deflate', 'zstd', 'gzip, gzip', 'identity, gzip', 'x-unheard-of'])(
    'with the content encoding %s is 415, with advice to omit it',
    async (encoding) => {
      const api = await startApi();
      const answer = await send(api, gzipSync(order), { 'content-encoding': encoding });
      expect({ status: answer.status, accepts: answer.headers['accept-encoding'] }).toEqual({
        status: 415,
        accepts: 'identity',
      });
      expect(bodyOf<Problem>(answer).detail).toContain('Content-Encoding');
    },
  );

  it('may declare identity, and an absent body has no encoding', async () => {
    const api = await startApi();
    expect((await send(api, Buffer.from(order), { 'content-encoding': 'identity' })).status).toBe(201);
    expect((await api.get('/api/orders', { 'content-encoding': 'gzip' })).status).toBe(200);
  });

  it('gets 404 at a path that does not exist, like any other body', async () => {
    const api = await startApi();
    const answer = await api.request('POST', '/nowhere', {
      headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
      payload: gzipSync(order),
    });
    expect(answer.status).toBe(404);
    expect(answer.headers).not.toHaveProperty('accept-encoding');
  });
});

describe('a number', () => {
  const priced = (price: string): string => JSON.stringify(anOrder()).replace('19.99', price);

  it.each([
    ...['19.990000000000000001', '19.98999999999999999999', '0.1999000000000000000001e2', '1999000000000000000001e-20'],
    ...['1e-400', '19.99000000000000000000000000000000001'],
  ])('that a double would change is 400: %s', async (price) => {
    const answer = await (await startApi()).post('/api/orders', priced(price));
    expect(answer.status).toBe(400);
    expect(bodyOf<Problem>(answer).errors).toEqual([
      { path: '', message: expect.stringContaining(price) as unknown as string },
    ]);
  });

  it.each(['19.99', '19.990', '19.99000000000000000000', '1.999e1', '1999e-2', '0.1999E+2', '1.999e001'])(
    'may be written as %s',
    async (price) => {
      expect((await (await startApi()).post('/api/orders', priced(price))).status).toBe(201);
    },
  );

  it('in a string is text', async () => {
    const name = '1.00000000000000000001 \\" 2.00000000000000000002 1e-400';
    const answer = await (await startApi()).post('/api/orders', anOrder({ items: [anItem({ productName: name })] }));
    expect(answer.status).toBe(201);
  });

  it('is exact in every body from JSON.stringify', async () => {
    const api = await startApi({ RATE_LIMIT_MAX: '1000000' });
    await fc.assert(
      fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (number) => {
        const answer = await api.post('/api/orders', anOrder({ items: [anItem({ unitPrice: number })] }));
        expect(answer.text).not.toContain('more digits than can be kept');
      }),
      { numRuns: 30 },
    );
  });
});

describe('invalid UTF-8 outside of bodies', () => {
  it.each([
    '/api/orders?customerId=%E9',
    '/api/orders?cursor=%E9',
    '/api/orders?cursor=%C0%AF',
    '/api/orders?limit=%E9',
    '/api/orders?%E9=1',
    '/api/orders?customerId=%ED%A0%80',
    '/api/orders/%E9',
    '/api/notifications/%C3',
    '/api/orders/%ED%A0%80/timeline',
  ])('%s is 400', async (url) => {
    const api = await startApi();
    expect((await api.get(url)).status).toBe(400);
  });

  it('is neither an idempotency key nor a correlation id', async () => {
    const api = await startApi();
    const latin1 = Buffer.from([0xe9]).toString('latin1');
    expect((await send(api, Buffer.from(order), { 'idempotency-key': latin1 })).status).toBe(400);
    const answer = await send(api, Buffer.from(order), { 'x-correlation-id': latin1 });
    expect(answer.status).toBe(201);
    expect(answer.headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(['productName', 'productId', 'customerId'])('half a character in %s is 400', async (name) => {
    const api = await startApi();
    const text = JSON.stringify(anOrder({ items: [anItem()] })).replace(new RegExp(`("${name}":")[^"]*`), '$1\\ud800');
    expect((await api.post('/api/orders', text)).status).toBe(400);
  });
});
