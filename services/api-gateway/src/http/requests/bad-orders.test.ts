import { describe, expect, it } from '@jest/globals';
import { expectNothingHappened, expectRefused, pathsOf } from '@orderflow/testing/api-gateway/expect-refused';
import { anItem, anOrder, bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

const ORDER_ID = '018f0000-0000-7000-8000-000000000000';
const item = (change: object) => anOrder({ items: [anItem(change)] });
/** An order whose total always matches its only item. */
const priced = (quantity: number, unitPrice: number, totalAmount: number) =>
  anOrder({ items: [anItem({ quantity, unitPrice })], totalAmount });
const many = (count: number) =>
  anOrder({ items: Array.from({ length: count }, () => anItem()), totalAmount: (count * 3998) / 100 });

describe('POST /api/orders refuses', () => {
  it.each<[string, unknown, string[]]>([
    ['a body that is not JSON', 'not json', ['']],
    ['truncated JSON', '{"customerId": "c"', ['']],
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
    ['an infinite price', JSON.stringify(anOrder()).replace('19.99', '1e999'), ['items[0].unitPrice']],
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
    ['a name with a lone surrogate', item({ productName: '\ud800' }), ['items[0].productName']],
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

  it('a body nested deeper than any order', async () => {
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

  it('an invalid idempotency key', async () => {
    const api = await startApi();
    for (const key of ['', ' ', 'a b', 'k'.repeat(256), 'schlüssel', 'a, b']) {
      const answer = await api.post('/api/orders', anOrder(), { 'idempotency-key': key });
      expect(answer.status).toBe(400);
      expect(pathsOf(bodyOf(answer))).toEqual(['header Idempotency-Key']);
    }
    await expectNothingHappened(api);
  });
});

describe('POST /api/orders accepts values at the limits', () => {
  it.each<[string, object]>([
    ['100 items', anOrder({ items: Array.from({ length: 100 }, () => anItem()), totalAmount: 3998 })],
    ['the largest quantity and price', priced(10_000, 1_000_000, 1e10)],
    ['a price of 0', priced(1, 0, 0)],
    ['a sum that binary fractions get wrong', priced(3, 0.1, 0.3)],
    ['a name of 200 characters outside the basic plane', item({ productName: '🫖'.repeat(200) })],
    ['a customer of 64 characters', anOrder({ customerId: 'c'.repeat(64) })],
  ])('%s', async (_, body) => {
    const answer = await (await startApi()).post('/api/orders', body);
    expect({ status: answer.status, problem: bodyOf(answer).errors }).toEqual({ status: 201, problem: undefined });
  });
});
