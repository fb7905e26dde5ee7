import { describe, expect, it } from '@jest/globals';
import type { Problem } from '@orderflow/contracts';
import { expectRefused, pathsOf } from '@orderflow/testing/api-gateway/expect-refused';
import { anOrder, bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

const ORDER_ID = '018f0000-0000-7000-8000-000000000000';
const aNotification = (change: object = {}) => ({ orderId: ORDER_ID, message: 'Hello', channel: 'EMAIL', ...change });

describe('POST /api/notifications refuses', () => {
  it.each<[string, unknown, string[]]>([
    ['a body that is not JSON', '{', ['']],
    ['an empty object', {}, ['channel', 'message', 'orderId']],
    ['an order id that is not a UUID', aNotification({ orderId: '42' }), ['orderId']],
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
    ['a long unknown name', JSON.stringify({ ...anOrder(), [long]: 1 })],
    [
      'many unknown names',
      JSON.stringify({ ...anOrder(), ...Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`name-${i}`, 1])) }),
    ],
    ['a long value', JSON.stringify(anOrder({ customerId: long }))],
    ['text that is not JSON', `{"a": ${long}`],
    ['many invalid items', JSON.stringify(anOrder({ items: Array(100).fill({ a: 1, b: 2, c: 3, d: 4 }) }))],
  ])('is no larger than its request for %s', async (_, body) => {
    const answer = await (await startApi()).post('/api/orders', body);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(400_000);
  });
});

it('a refusal counts the problems that it does not list', async () => {
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

  it('a path that is not text is refused', async () => {
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
