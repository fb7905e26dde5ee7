import { expect } from '@jest/globals';
import type { Notification, Order, OrderPage } from '@orderflow/contracts';
import { createIssuer, JWT_MODE, OPERATOR } from './issuer.js';
import { anItem, anOrder, bodyOf, NAMES, startApi } from './start-api.js';

/** Appear in the data of alice, and nowhere else. */
const SECRETS = ['alice', 'Secret kettle', 'secret-sku', '4242', 'secret-message', 'secret-correlation'];
const KEY = 'key-of-the-first';

/**
 * An API with data of two customers, alice and bob, and a token for each. alice has an order in every state, and
 * notifications about them.
 */
export async function startTwoCustomers(env: NodeJS.ProcessEnv = {}) {
  const issuer = await createIssuer();
  const api = await startApi({ ...JWT_MODE, ...env }, undefined, issuer.fetch);
  const [alice, bob, olga] = [await issuer.as(), await issuer.as({ sub: 'bob' }), await issuer.as(OPERATOR)];
  const items = [anItem({ productId: 'secret-sku', productName: 'Secret kettle', quantity: 1, unitPrice: 4242 })];
  const order = anOrder({ customerId: 'alice', items, totalAmount: 4242 });
  const asAlice = { ...alice, 'x-correlation-id': 'secret-correlation' };

  const orders: Order[] = [];
  const changes = [
    {},
    { status: 'COMPLETED', version: 3 },
    { status: 'FAILED', version: 3, failure: { code: 'SHIPMENT_LOST', message: 'lost', retriable: true } },
  ];
  for (const [index, change] of changes.entries()) {
    const placed = await api.post('/api/orders', order, { ...asAlice, 'idempotency-key': `${KEY}-${index}` });
    expect(placed.status).toBe(201);
    const made = bodyOf<Order>(placed);
    orders.push(made);
    const stored = api.orders().find(({ orderId }) => orderId === made.orderId);
    api.aws.dynamo.seed(NAMES.ordersTable, { ...stored, ...change });
  }
  const notifications: Notification[] = [];
  for (const { orderId } of [...orders, ...orders]) {
    const request = { orderId, channel: 'SMS', message: 'secret-message' };
    const headers = { ...asAlice, 'idempotency-key': `${KEY}-${notifications.length}` };
    const placed = await api.post('/api/notifications', request, headers);
    expect(placed.status).toBe(202);
    notifications.push(bodyOf<Notification>(placed));
  }
  const orderIds = orders.map(({ orderId }) => orderId);
  const lists = ['/api/orders?limit=1', ...orderIds.map((id) => `/api/orders/${id}/notifications?limit=1`)];
  const cursors: string[] = [];
  for (const list of lists) {
    const { nextCursor } = bodyOf<OrderPage>(await api.get(list, alice));
    if (nextCursor !== null) cursors.push(nextCursor);
  }
  expect(cursors).toHaveLength(lists.length);
  const own = await api.post('/api/orders', anOrder({ customerId: 'bob' }), bob);
  return {
    ...api,
    issuer,
    alice,
    bob,
    olga,
    /** The body with which alice placed her orders. */
    order,
    orderIds,
    notificationId: notifications[0]?.notificationId ?? '',
    cursors,
    /** Idempotency keys that she used, for an order and a notification each. */
    keys: orderIds.slice(0, 2).map((_, index) => `${KEY}-${index}`),
    orderOfBob: bodyOf<Order>(own).orderId,
    secrets: [...SECRETS, ...orderIds, ...notifications.map(({ notificationId }) => notificationId)],
  };
}

export type TwoCustomers = Awaited<ReturnType<typeof startTwoCustomers>>;
