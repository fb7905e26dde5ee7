import { describe, expect, it } from '@jest/globals';
import type { Problem } from '@orderflow/contracts';
import { anItem, anOrder, bodyOf, quiet, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

const ORDER_ID = '018f0000-0000-7000-8000-000000000000';
const aNotification = (change: object = {}) => ({ orderId: ORDER_ID, message: 'Hello', channel: 'EMAIL', ...change });

function pathsOf(problem: Problem): string[] {
  return [...new Set(problem.errors?.map(({ path }) => path))].sort();
}

async function expectNothingHappened(api: Api) {
  await quiet();
  expect(api.aws.dynamo.callsOf('BatchExecuteStatement')).toEqual([]);
  expect(api.aws.eventBridge.calls).toEqual([]);
  expect(api.orders()).toEqual([]);
}

async function expectRefused(api: Api, url: string, body: unknown, paths: string[]) {
  const answer = await api.post(url, body);
  const problem = bodyOf<Problem>(answer);
  expect({ status: answer.status, paths: pathsOf(problem) }).toEqual({ status: 400, paths: [...paths].sort() });
  expect(problem.errors?.every(({ message }) => message.length > 0)).toBe(true);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  await expectNothingHappened(api);
}

const item = (change: object) => anOrder({ items: [anItem(change)] });
/** An order whose total is right whatever its only item says. */
const priced = (quantity: number, unitPrice: number, totalAmount: number) =>
  anOrder({ items: [anItem({ quantity, unitPrice })], totalAmount });
const many = (count: number) =>
  anOrder({ items: Array.from({ length: count }, () => anItem()), totalAmount: (count * 3998) / 100 });

describe('POST /api/orders refuses', () => {
  it.each<[string, unknown, string[]]>([
    ['what is not JSON', 'not json', ['']],
    ['JSON that is cut off', '{"customerId": "c"', ['']],
    ['NaN', JSON.stringify(anOrder()).replace('19.99', 'NaN'), ['']],
    ['an empty body', '', ['']],
    ['null', 'null', ['']],
    ['a string', '"order"', ['']],
    ['a number', '1', ['']],
    ['an array', '[]', ['']],
    ['an empty object', {}, ['customerId', 'items', 'totalAmount']],
    ['a missing customer', anOrder({ customerId: undefined }), ['customerId']],
    ['a customer of another type', anOrder({ customerId: 7 }), ['customerId']],
    ['an empty customer', anOrder({ customerId: '' }), ['customerId']],
    ['a customer with a control character', anOrder({ customerId: 'a\u0000b' }), ['customerId']],
    ['a customer with a line break at its end', anOrder({ customerId: 'a\n' }), ['customerId']],
    ['a customer of 65 characters', anOrder({ customerId: 'c'.repeat(65) }), ['customerId']],
    ['unknown properties', { ...anOrder(), status: 'COMPLETED', orderId: ORDER_ID }, ['orderId', 'status']],
    ['unknown properties of an item', item({ discount: 1 }), ['items[0].discount']],
    ['missing items', anOrder({ items: undefined }), ['items']],
    ['no items', anOrder({ items: [], totalAmount: 0 }), ['items']],
    ['101 items', many(101), ['items']],
    ['items that are null', anOrder({ items: null }), ['items']],
    ['items that are a number', anOrder({ items: 1 }), ['items']],
    ['an item that is an array', anOrder({ items: [[]] }), ['items']],
    ['quantity 0', priced(0, 10, 0), ['items[0].quantity']],
    ['quantity -1', priced(-1, 10, -10), ['items[0].quantity', 'totalAmount']],
    ['quantity 1.5', priced(1.5, 10, 15), ['items[0].quantity']],
    ['quantity 1e9', priced(1e9, 1, 1e9), ['items[0].quantity']],
    ['quantity 10,001', priced(10_001, 1, 10_001), ['items[0].quantity']],
    ['quantity as text', item({ quantity: '2' }), ['items[0].quantity']],
    ['quantity null', item({ quantity: null }), ['items[0].quantity']],
    ['quantity true', item({ quantity: true }), ['items[0].quantity']],
    ['a price with three decimals', priced(1, 1.005, 1), ['items[0].unitPrice']],
    ['a price of 1e-7', priced(1, 1e-7, 0), ['items[0].unitPrice']],
    ['a negative price', priced(1, -1, 0), ['items[0].unitPrice']],
    ['a price over the limit', priced(1, 1_000_000.01, 1_000_000.01), ['items[0].unitPrice']],
    ['a price beyond all numbers', JSON.stringify(anOrder()).replace('19.99', '1e999'), ['items[0].unitPrice']],
    ['a price as text', item({ unitPrice: '19.99' }), ['items[0].unitPrice']],
    ['a missing price', item({ unitPrice: undefined }), ['items[0].unitPrice']],
    ['a total that is a cent too low', anOrder({ totalAmount: 39.97 }), ['totalAmount']],
    ['a total that is a cent too high', anOrder({ totalAmount: 39.99 }), ['totalAmount']],
    ['a total with three decimals', anOrder({ totalAmount: 39.981 }), ['totalAmount']],
    ['a total as text', anOrder({ totalAmount: '39.98' }), ['totalAmount']],
    ['a missing total', anOrder({ totalAmount: undefined }), ['totalAmount']],
    ['a name of 201 characters', item({ productName: 'n'.repeat(201) }), ['items[0].productName']],
    ['a blank name', item({ productName: ' \u00a0' }), ['items[0].productName']],
    ['a name with a control character', item({ productName: 'a\u0007' }), ['items[0].productName']],
    ['a name with half a character', item({ productName: '\ud800' }), ['items[0].productName']],
    ['a product id with blanks', item({ productId: 'sku 1' }), ['items[0].productId']],
    [
      'every offending item by its own path',
      anOrder({ items: [anItem({ quantity: 0 }), anItem(), anItem({ unitPrice: -1, productName: '' })] }),
      ['items[0].quantity', 'items[2].productName', 'items[2].unitPrice'],
    ],
    ['__proto__', `{"__proto__": {"x": 1}, ${JSON.stringify(anOrder()).slice(1)}`, ['__proto__']],
    ['constructor', { ...anOrder(), constructor: { prototype: {} } }, ['constructor']],
    ['toString', { ...anOrder(), toString: 'x' }, ['toString']],
    [
      '__proto__ in an item',
      JSON.stringify(anOrder()).replace('"quantity"', '"__proto__":{"x":1},"quantity"'),
      ['items[0].__proto__'],
    ],
    ['hasOwnProperty in an item', item({ hasOwnProperty: 1 }), ['items[0].hasOwnProperty']],
  ])('%s', async (_, body, paths) => {
    await expectRefused(await startApi(), '/api/orders', body, paths);
  });

  it('items that are an object', async () => {
    const answer = await (await startApi()).post('/api/orders', anOrder({ items: { 0: anItem() } }));
    expect(answer.status).toBe(400);
    expect(pathsOf(bodyOf(answer))).toContain('items');
  });

  it('a request without a body', async () => {
    const api = await startApi();
    for (const headers of [{} as Record<string, string>, { 'content-type': 'application/json' }]) {
      const answer = await api.request('POST', '/api/orders', { headers });
      expect(answer.status).toBe(400);
      expect(pathsOf(bodyOf(answer))).toEqual(['']);
    }
    await expectNothingHappened(api);
  });

  it('a body that is nested deeper than any order', async () => {
    const depth = 60_000;
    const body = `{"items":${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}}`;
    const answer = await (await startApi()).post('/api/orders', body);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(1_000);
  });

  it.each([
    ['tens of thousands of items', `{"items":[${'{},'.repeat(80_000)}{}]}`],
    ['tens of thousands of properties', `{${Array.from({ length: 20_000 }, (_, i) => `"p${i}":1`).join(',')}}`],
  ])('%s, at no great cost', async (_, body) => {
    const api = await startApi();
    const answer = await api.post('/api/orders', body);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(200_000);
    await expectNothingHappened(api);
  });

  it('an idempotency key that is no key', async () => {
    const api = await startApi();
    for (const key of ['', ' ', 'a b', 'k'.repeat(256), 'schlüssel', 'a, b']) {
      const answer = await api.post('/api/orders', anOrder(), { 'idempotency-key': key });
      expect(answer.status).toBe(400);
      expect(pathsOf(bodyOf(answer))).toEqual(['header Idempotency-Key']);
    }
    await expectNothingHappened(api);
  });
});

describe('POST /api/orders accepts the limits themselves', () => {
  it.each<[string, object]>([
    ['100 items', anOrder({ items: Array.from({ length: 100 }, () => anItem()), totalAmount: 3998 })],
    ['the largest quantity and price', priced(10_000, 1_000_000, 1e10)],
    ['a price of nothing', priced(1, 0, 0)],
    ['a sum that binary fractions get wrong', priced(3, 0.1, 0.3)],
    ['a name of 200 characters outside the basic plane', item({ productName: '🫖'.repeat(200) })],
    ['a customer of 64 characters', anOrder({ customerId: 'c'.repeat(64) })],
  ])('%s', async (_, body) => {
    const answer = await (await startApi()).post('/api/orders', body);
    expect({ status: answer.status, problem: bodyOf(answer).errors }).toEqual({ status: 201, problem: undefined });
  });
});

describe('POST /api/notifications refuses', () => {
  it.each<[string, unknown, string[]]>([
    ['what is not JSON', '{', ['']],
    ['an empty object', {}, ['channel', 'message', 'orderId']],
    ['an order id that is no UUID', aNotification({ orderId: '42' }), ['orderId']],
    ['another channel', aNotification({ channel: 'FAX' }), ['channel']],
    ['an empty message', aNotification({ message: '' }), ['message']],
    ['a message of 1001 characters', aNotification({ message: 'm'.repeat(1001) }), ['message']],
    ['a message with control characters', aNotification({ message: 'a\u001b[31m' }), ['message']],
    ['unknown properties', aNotification({ status: 'SENT' }), ['status']],
  ])('%s', async (_, body, paths) => {
    const api = await startApi();
    await expectRefused(api, '/api/notifications', body, paths);
    expect(api.notifications()).toEqual([]);
  });
});

describe('a refusal', () => {
  const long = 'x'.repeat(100_000);
  const nested = Array.from({ length: 400 }, () => '{"constructor":1}').join(',');
  it.each([
    ['names that repeat in each path', `{"${long}":[${nested}]}`],
    ['a long name that is not known', JSON.stringify({ ...anOrder(), [long]: 1 })],
    [
      'many names that are not known',
      JSON.stringify({ ...anOrder(), ...Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`name-${i}`, 1])) }),
    ],
    ['a long value', JSON.stringify(anOrder({ customerId: long }))],
    ['text that is no JSON', `{"a": ${long}`],
    ['items that are all wrong', JSON.stringify(anOrder({ items: Array(100).fill({ a: 1, b: 2, c: 3, d: 4 }) }))],
  ])('is no larger than its request for %s', async (_, body) => {
    const answer = await (await startApi()).post('/api/orders', body);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(400_000);
  });
});

it('a refusal says how many problems it does not list', async () => {
  const api = await startApi();
  const problemsOf = async (unknown: number) => {
    const names = Object.fromEntries(Array.from({ length: unknown }, (_, i) => [`name-${i}`, 1]));
    return bodyOf<Problem>(await api.post('/api/orders', { ...anOrder(), ...names })).errors ?? [];
  };
  expect(await problemsOf(500)).toHaveLength(500);
  const many = await problemsOf(900);
  expect(many).toHaveLength(500);
  expect(many.at(-1)).toEqual({ path: '', message: '401 more problems are not listed' });
});

describe('ids in paths', () => {
  it.each([
    ['/api/orders/42', 'orderId'],
    ['/api/orders/42/notifications', 'orderId'],
    ['/api/notifications/42', 'notificationId'],
    [`/api/orders/${ORDER_ID}x`, 'orderId'],
    [`/api/orders/${'x'.repeat(5_000)}`, 'orderId'],
    ['/api/orders/%00', 'orderId'],
    ['/api/orders/..%2f..%2fetc%2fpasswd', 'orderId'],
  ])('%s is refused', async (url, path) => {
    const api = await startApi();
    const answer = await api.get(url);
    expect({ status: answer.status, paths: pathsOf(bodyOf(answer)) }).toEqual({ status: 400, paths: [path] });
    expect(api.aws.dynamo.calls).toEqual([]);
  });

  it('a path that is no text is refused', async () => {
    const answer = await (await startApi()).get('/api/orders/%');
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(pathsOf(bodyOf(answer))).toEqual(['']);
  });
});

it.each(['limit=0x10', 'limit=1e1', 'limit=', 'limit=1&limit=2'])('%s is wrong for one reason', async (query) => {
  const { errors } = bodyOf<Problem>(await (await startApi()).get(`/api/orders?${query}`));
  expect(errors).toEqual([{ path: 'limit', message: expect.stringContaining('whole number') }]);
});

describe('GET /api/orders refuses', () => {
  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['customerId=', 'customerId'],
    ['customerId=a%20b', 'customerId'],
    ['customerId=a&customerId=b', 'customerId'],
    ['cursor=', 'cursor'],
    ['cursor=abc', 'cursor'],
    [`cursor=${'a'.repeat(513)}`, 'cursor'],
    ['cursor=a&cursor=b', 'cursor'],
    ['offset=3', 'offset'],
    ['constructor=x', 'constructor'],
    ['__proto__=x', '__proto__'],
  ])('?%s', async (query, path) => {
    const api = await startApi();
    const answer = await api.get(`/api/orders?${query}`);
    expect({ status: answer.status, paths: pathsOf(bodyOf(answer)) }).toEqual({ status: 400, paths: [path] });
    expect(api.aws.dynamo.callsOf('Query')).toEqual([]);
  });
});
