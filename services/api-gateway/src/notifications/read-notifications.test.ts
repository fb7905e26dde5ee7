import { describe, expect, it } from '@jest/globals';
import { type Notification, type NotificationList, type Order, type Timeline } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { anOrder, bodyOf, NAMES, NOW_MS, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

const NOW = new Date(NOW_MS).toISOString();

async function placeOrder({ post }: Api, change: object = {}): Promise<string> {
  return bodyOf<Order>(await post('/api/orders', anOrder(change))).orderId;
}

const about = (orderId: string, change: object = {}) => ({ orderId, message: 'On its way', channel: 'SMS', ...change });

describe('reading notifications', () => {
  it("shows a notification's current state", async () => {
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

  it('is 404 for an unknown notification', async () => {
    const answer = await (await startApi()).get(`/api/notifications/${newId()}`);
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({
      status: 404,
      code: 'NOTIFICATION_NOT_FOUND',
    });
  });

  it('lists the notifications of an order, oldest first', async () => {
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

  it.each(['', '&limit=40'])(
    'pages through all notifications of an order, each once, with ?cursor=…%s',
    async (limit) => {
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
      // The cursor is bound to its order.
      const foreign = await api.get(`/api/orders/${other}/notifications?cursor=${String(timeline.nextCursor)}`);
      expect(foreign.status).toBe(400);
    },
  );

  it.each(['cursor=x', 'limit=0', 'limit=101', 'limit=0x10', 'limit=5&limit=5', 'page=2', 'cursor='])(
    'is 400 for the query %s',
    async (query) => {
      const api = await startApi();
      const orderId = await placeOrder(api);
      expect((await api.get(`/api/orders/${orderId}/notifications?${query}`)).status).toBe(400);
    },
  );

  it('is an empty list for an order without notifications, and 404 for an unknown order', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    expect(bodyOf(await api.get(`/api/orders/${orderId}/notifications`))).toEqual({ items: [], nextCursor: null });
    const answer = await api.get(`/api/orders/${newId()}/notifications`);
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 404, code: 'ORDER_NOT_FOUND' });
  });

  it('is 404 for an unknown order even while too many lists are being read, and 400 for a malformed cursor', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    const { send } = api.aws.dynamo;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    api.aws.dynamo.send = (async (command: object) => {
      if (command.constructor.name === 'QueryCommand') await released;
      return send(command as never);
    }) as never;
    const list = (id: string, query = '') => api.get(`/api/orders/${id}/notifications${query}`);
    // Two are read at once, and 100 wait.
    const lists = Array.from({ length: 110 }, () => list(orderId));
    expect(await Promise.race(lists)).toMatchObject({ status: 503 });
    expect((await list(newId())).status).toBe(404);
    expect((await list(newId(), '?cursor=x')).status).toBe(400);
    release();
    const statuses = (await Promise.all(lists)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(102);
  });
});
