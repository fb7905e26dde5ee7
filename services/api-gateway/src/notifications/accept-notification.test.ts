import { describe, expect, it } from '@jest/globals';
import { type Notification, type Order } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, bodyOf, NAMES, NOW_MS, quiet, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

const NOW = new Date(NOW_MS).toISOString();
const key = (value: string) => ({ 'idempotency-key': value });

async function placeOrder({ post }: Api, change: object = {}): Promise<string> {
  return bodyOf<Order>(await post('/api/orders', anOrder(change))).orderId;
}

const about = (orderId: string, change: object = {}) => ({ orderId, message: 'On its way', channel: 'SMS', ...change });

describe('POST /api/notifications', () => {
  it('answers 202 with the notification and its location', async () => {
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

  it('answers 404 for an unknown order, and stores and publishes nothing', async () => {
    const { post, notifications, published } = await startApi();
    const answer = await post('/api/notifications', about(newId()));
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 404, code: 'ORDER_NOT_FOUND' });
    await quiet();
    expect(notifications()).toEqual([]);
    expect(published()).toEqual([]);
  });

  it('accepts while the bus is unavailable', async () => {
    const api = await startApi();
    const orderId = await placeOrder(api);
    api.aws.eventBridge.failAlways('*', connectionRefused);
    expect((await api.post('/api/notifications', about(orderId))).status).toBe(202);
    expect(api.notifications()[0]).toHaveProperty('outboxAt');
  });

  it('gives the original answer for the same key, even after it was sent', async () => {
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

  it('accepts a request once when its copies arrive at the same time, even with the same correlation id', async () => {
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

  it('answers 422 when a key is reused for a different request', async () => {
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
