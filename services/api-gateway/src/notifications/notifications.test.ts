import { describe, expect, it } from '@jest/globals';
import { type Notification, type NotificationList, type Order, type Timeline } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import {
  anOrder,
  bodyOf,
  eventually,
  NAMES,
  NOW_MS,
  quiet,
  startApi,
  type Api,
} from '@orderflow/testing/api-gateway/start-api';

const NOW = new Date(NOW_MS).toISOString();
const key = (value: string) => ({ 'idempotency-key': value });

async function placeOrder({ post }: Api, change: object = {}): Promise<string> {
  return bodyOf<Order>(await post('/api/orders', anOrder(change))).orderId;
}

const about = (orderId: string, change: object = {}) => ({ orderId, message: 'On its way', channel: 'SMS', ...change });

describe('POST /api/notifications', () => {
  it('answers 202 with the notification and its place', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    const answer = await api.post('/api/notifications', about(orderId), { 'x-correlation-id': 'mine' });
    const notification = bodyOf<Notification>(answer);
    expect(answer.status).toBe(202);
    expect(answer.headers.location).toBe(`/api/notifications/${notification.notificationId}`);
    expect(notification).toEqual({
      notificationId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as unknown,
      ...about(orderId),
      status: 'PENDING',
      version: 1,
      createdAt: NOW,
      updatedAt: NOW,
      correlationId: 'mine',
    });
    expect(bodyOf(await api.get(answer.headers.location!))).toEqual(notification);
    expect(api.notifications()).toEqual([expect.objectContaining({ outboxAt: NOW_MS + 5_000, status: 'PENDING' })]);
  });

  it('publishes NotificationRequested to the notification queue', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    const { notificationId } = bodyOf<Notification>(await api.post('/api/notifications', about(orderId)));
    const queued = () => api.queued(NAMES.notificationQueue);
    const [message] = await eventually(() => queued().length > 0 && queued());
    expect(message!.detail).toMatchObject({ data: { notificationId, ...about(orderId), createdAt: NOW } });
  });

  it('is 404 for an unknown order, and nothing is stored or published', async () => {
    const { post, notifications, published } = await startApi();
    const answer = await post('/api/notifications', about(newId()));
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 404, code: 'ORDER_NOT_FOUND' });
    await quiet();
    expect(notifications()).toEqual([]);
    expect(published()).toEqual([]);
  });

  it('accepts while the bus is away', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    api.aws.eventBridge.failAlways('*', connectionRefused);
    expect((await api.post('/api/notifications', about(orderId))).status).toBe(202);
    expect(api.notifications()[0]).toHaveProperty('outboxAt');
  });

  it('gives the original answer again for the same key, even when it has been sent', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    const first = await api.post('/api/notifications', about(orderId), key('k'));
    const [stored] = api.notifications();
    api.aws.dynamo.seed(NAMES.notificationsTable, { ...stored, status: 'SENT', version: 3, sentAt: NOW });
    const second = await api.post('/api/notifications', about(orderId), key('k'));
    expect(second.status).toBe(202);
    expect(second.text).toBe(first.text);
    expect([first, second].map(({ headers }) => headers['idempotent-replayed'])).toEqual([undefined, 'true']);
    expect(second.headers.location).toBe(first.headers.location);
    expect(api.notifications()).toHaveLength(1);
  });

  it('accepts concurrent copies once, also in one ms and with one correlation id', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    const copies = Array.from({ length: 8 }, () =>
      api.post('/api/notifications', about(orderId), { ...key('k'), 'x-correlation-id': 'c' }),
    );
    const answers = await Promise.all(copies);
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202));
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(api.notifications()).toHaveLength(1);
  });

  it('is 422 for the same key of the same customer with another request', async () => {
    const api = await startApi();
    const [one, other] = [await placeOrder(api), await placeOrder(api)];
    await api.post('/api/notifications', about(one), key('k'));
    for (const body of [about(one, { channel: 'PUSH' }), about(one, { message: 'Other' }), about(other)]) {
      const answer = await api.post('/api/notifications', body, key('k'));
      expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({
        status: 422,
        code: 'IDEMPOTENCY_KEY_REUSED',
      });
    }
    const elsewhere = await placeOrder(api, { customerId: 'customer-2' });
    expect((await api.post('/api/notifications', about(elsewhere), key('k'))).status).toBe(202);
  });

  it('does not confuse the keys of orders and notifications', async () => {
    const api = await startApi();
    const answer = await api.post('/api/orders', anOrder(), key('k'));
    const { orderId } = bodyOf<Order>(answer);
    expect((await api.post('/api/notifications', about(orderId), key('k'))).status).toBe(202);
  });
});

describe('reading notifications', () => {
  it('shows one as it is now', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    const created = bodyOf<Notification>(await api.post('/api/notifications', about(orderId)));
    const [stored] = api.notifications();
    api.aws.dynamo.seed(NAMES.notificationsTable, { ...stored, status: 'SENT', version: 3, sentAt: NOW });
    expect(bodyOf(await api.get(`/api/notifications/${created.notificationId}`))).toEqual({
      ...(created as object),
      status: 'SENT',
      version: 3,
      sentAt: NOW,
    });
  });

  it('is 404 for one that does not exist', async () => {
    const answer = await (await startApi()).get(`/api/notifications/${newId()}`);
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({
      status: 404,
      code: 'NOTIFICATION_NOT_FOUND',
    });
  });

  it('lists those of an order, oldest first', async () => {
    const api = await startApi();
    const [orderId, other] = [await placeOrder(api), await placeOrder(api)];
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      api.time.ms += 1_000;
      ids.push(bodyOf<Notification>(await api.post('/api/notifications', about(orderId))).notificationId);
      await api.post('/api/notifications', about(other));
    }
    const answer = await api.get(`/api/orders/${orderId}/notifications`);
    expect(answer.status).toBe(200);
    expect(bodyOf<NotificationList>(answer).items.map(({ notificationId }) => notificationId)).toEqual(ids);
  });

  it.each(['', '&limit=40'])('pages through all of an order, each once, with ?cursor=…%s', async (limit) => {
    const api = await startApi();
    const [orderId, other] = [await placeOrder(api), await placeOrder(api)];
    const template = { orderId, status: 'SENT', version: 3, channel: 'SMS', message: 'm', correlationId: 'c' };
    const ids = Array.from({ length: 120 }, (_, i) => {
      const [notificationId, createdAt] = [newId(), new Date(NOW_MS + Math.floor(i / 3)).toISOString()];
      const times = { createdAt, updatedAt: createdAt, createdAtId: `${createdAt}#${notificationId}` };
      const item = { ...template, notificationId, ...times, timeline: { accepted: { at: createdAt, version: 1 } } };
      api.aws.dynamo.seed(NAMES.notificationsTable, item);
      return notificationId;
    });
    const read = async (cursor: string) =>
      bodyOf<NotificationList>(await api.get(`/api/orders/${orderId}/notifications?${cursor}${limit}`));

    const seen: string[] = [];
    let query = '';
    for (let pages = 0; pages <= ids.length; pages++) {
      const { items, nextCursor } = await read(query);
      seen.push(...items.map(({ notificationId }) => notificationId));
      if (nextCursor === null) break;
      query = `cursor=${nextCursor}`;
    }
    expect([...seen].sort()).toEqual([...ids].sort());

    const timeline = bodyOf<Timeline>(await api.get(`/api/orders/${orderId}/timeline`));
    const told = new Set(timeline.steps.flatMap(({ notificationId }) => notificationId ?? []));
    const rest: string[] = [];
    for (let cursor = timeline.nextCursor; cursor !== null;) {
      const { items, nextCursor } = await read(`cursor=${cursor}`);
      rest.push(...items.map(({ notificationId }) => notificationId));
      cursor = nextCursor;
    }
    expect([...told, ...rest].sort()).toEqual([...ids].sort());
    // It is bound to its order.
    const foreign = await api.get(`/api/orders/${other}/notifications?cursor=${String(timeline.nextCursor)}`);
    expect(foreign.status).toBe(400);
  });

  it.each(['cursor=x', 'limit=0', 'limit=101', 'limit=0x10', 'limit=5&limit=5', 'page=2', 'cursor='])(
    'is 400 for the query %s',
    async (query) => {
      const api = await startApi();
      const orderId = await placeOrder(api);
      expect((await api.get(`/api/orders/${orderId}/notifications?${query}`)).status).toBe(400);
    },
  );

  it('lists none for an order without any, and is 404 without the order', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    expect(bodyOf(await api.get(`/api/orders/${orderId}/notifications`))).toEqual({ items: [], nextCursor: null });
    const answer = await api.get(`/api/orders/${newId()}/notifications`);
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 404, code: 'ORDER_NOT_FOUND' });
  });
});
