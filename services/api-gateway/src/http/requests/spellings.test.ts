import { describe, expect, it } from '@jest/globals';
import type { Problem } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, bodyOf, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

/** Other spellings of a UUID with letters. */
const SPELLINGS: [string, (id: string) => string][] = [
  ['upper case', (id) => id.toUpperCase()],
  ['mixed case', (id) => id.replace(/[a-f]/, (letter) => letter.toUpperCase())],
  ['percent-encoded letters', (id) => id.replace(/[a-f]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)],
];

async function acceptOrder(api: Api): Promise<string> {
  return bodyOf<{ orderId: string }>(await api.post('/api/orders', anOrder())).orderId;
}

async function acceptNotification(api: Api, orderId: string) {
  return api.post('/api/notifications', { orderId, message: 'Hello', channel: 'EMAIL' }, { 'idempotency-key': 'k' });
}

describe.each(SPELLINGS)('an id in %s', (_, spell) => {
  it.each([
    ['GET', '/api/orders/ORDER'],
    ['GET', '/api/orders/ORDER/timeline'],
    ['GET', '/api/orders/ORDER/notifications'],
    ['POST', '/api/orders/ORDER/replay'],
    ['GET', '/api/notifications/NOTIFICATION'],
  ])('finds the stored item: %s %s', async (method, route) => {
    const api = await startApi();
    const orderId = await acceptOrder(api);
    const { notificationId } = bodyOf<{ notificationId: string }>(await acceptNotification(api, orderId));
    const path = (change: (id: string) => string) =>
      route.replace('ORDER', change(orderId)).replace('NOTIFICATION', change(notificationId));
    const plain = await api.request(
      method,
      path((id) => id),
    );
    const spelled = await api.request(method, path(spell));
    expect(plain.status).not.toBe(404);
    expect(spelled.status).toBe(plain.status);
    if (plain.status === 200) expect(spelled.text).toBe(plain.text);
  });

  it('finds the stored order for a stream', async () => {
    const api = await startApi();
    const orderId = await acceptOrder(api);
    await api.app.listen(0);
    const ended = new AbortController();
    const url = `${await api.app.getUrl()}/api/orders/${spell(orderId)}/events`;
    const answer = await fetch(url, { signal: ended.signal });
    expect(answer.status).toBe(200);
    ended.abort();
  });
});

it.each(SPELLINGS.slice(0, 2))(
  'an id in %s in a body names the stored order, and is the same request for an idempotency key',
  async (_, spell) => {
    const api = await startApi();
    const orderId = await acceptOrder(api);
    const first = await acceptNotification(api, orderId);
    const second = await acceptNotification(api, spell(orderId));
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.headers).toHaveProperty('idempotent-replayed', 'true');
    expect(bodyOf(second)).toEqual(bodyOf(first));
    await eventually(() => api.notifications().length === 1);
    expect(api.notifications()[0]).toMatchObject({ orderId });
  },
);

describe('the limit of a list', () => {
  it.each([
    ...['0x10', '1e1', '%0a5', '5%0a', '%2b5', '+5', '%205', '5%20', '5.0', '05', '-5', '0', '101', '', '%00', '5%00'],
    ...['0b1', '0o7', '5n', '1_0', '%EF%BC%95', '%D9%A5', 'Infinity', 'NaN', 'true', '[5]', '%5B%225%22%5D', '5,5'],
    ...['5&limit=5', '5&limit=', '5&limit=x'],
  ])('may contain only digits: %s is 400', async (text) => {
    const api = await startApi();
    const answer = await api.get(`/api/orders?limit=${text}`);
    expect(answer.status).toBe(400);
    expect(bodyOf<Problem>(answer).errors?.every(({ path }) => path === 'limit')).toBe(true);
  });

  it.each(['limit[]=5', 'limit[0]=5', 'Limit=5', 'limit%00=5'])('has one name: %s is 400', async (query) => {
    const api = await startApi();
    expect((await api.get(`/api/orders?${query}`)).status).toBe(400);
  });

  it.each(['1', '20', '%35', '100'])('may be %s', async (text) => {
    const api = await startApi();
    expect((await api.get(`/api/orders?limit=${text}`)).status).toBe(200);
  });
});

it.each(['customerId=a&customerId=a', 'customerId=a&customerId=b', 'cursor=a&cursor=b', 'customerId=a&customerId='])(
  'a repeated parameter is 400: %s',
  async (query) => {
    const api = await startApi();
    expect((await api.get(`/api/orders?${query}`)).status).toBe(400);
  },
);
