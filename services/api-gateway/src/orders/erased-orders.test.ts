import { describe, expect, it } from '@jest/globals';
import type { Order, OrderPage } from '@orderflow/contracts';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { deleteStatement } from '@orderflow/platform/dynamodb/statement-text';
import { anOrder, bodyOf, NAMES, startApi } from '@orderflow/testing/api-gateway/start-api';
import { startTwoCustomers } from '@orderflow/testing/api-gateway/two-customers';
import { erased } from '@orderflow/testing/erased';

describe('an erased order', () => {
  it('is 404 for its former customer, on every route, and in no list of theirs', async () => {
    const { alice, olga, get, post, request, orders, aws } = await startTwoCustomers();
    const of = orders().find(({ customerId, status }) => customerId === 'alice' && status === 'FAILED');
    const { orderId } = of as OrderRecord;
    aws.dynamo.seed(NAMES.ordersTable, erased(of as OrderRecord));
    for (const path of ['', '/timeline', '/events', '/notifications']) {
      expect((await get(`/api/orders/${orderId}${path}`, alice)).status).toBe(404);
    }
    const notification = { orderId, channel: 'SMS', message: 'hello' };
    expect((await post('/api/notifications', notification, alice)).status).toBe(404);
    const list = bodyOf<OrderPage>(await get('/api/orders', alice));
    expect(list.items.map((item) => item.orderId)).not.toContain(orderId);

    // Operators keep the books.
    expect(bodyOf<Order>(await get(`/api/orders/${orderId}`, olga))).toMatchObject({
      ...{ orderId, status: 'FAILED', customerId: 'erased-1', totalAmount: 4242 },
      items: [{ productId: 'secret-sku', productName: 'secret-sku', quantity: 1, unitPrice: 4242 }],
    });
    const replayed = await request('POST', `/api/orders/${orderId}/replay`, { headers: olga });
    expect(bodyOf(replayed)).toMatchObject({
      code: 'ORDER_NOT_REPLAYABLE',
      detail: 'The order was not replayed: its personal data was erased, so it cannot be started again.',
    });
    expect((await post('/api/notifications', notification, olga)).status).toBe(404);
  });

  it('keeps its idempotency key from being used again', async () => {
    const { post, orders, aws } = await startApi();
    await post('/api/orders', anOrder(), { 'idempotency-key': 'k' });
    aws.dynamo.seed(NAMES.ordersTable, erased(orders()[0] as OrderRecord));
    const again = await post('/api/orders', anOrder(), { 'idempotency-key': 'k' });
    expect({ status: again.status, code: bodyOf(again).code }).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(orders()).toHaveLength(1);
  });
});

describe('an expired order', () => {
  it('frees its idempotency key: the same request places a new order with the same id', async () => {
    const { post, get, aws, orders } = await startApi();
    const headers = { 'idempotency-key': 'k' };
    const first = bodyOf<Order>(await post('/api/orders', anOrder(), headers));
    const table = { name: NAMES.ordersTable, key: 'orderId' };
    // As DynamoDB's time to live does.
    await createStatementExecutor(aws.dynamo).execute(deleteStatement(table, first.orderId, []));
    expect((await get(`/api/orders/${first.orderId}`)).status).toBe(404);
    const second = await post('/api/orders', anOrder(), headers);
    expect(second.status).toBe(201);
    expect(second.headers).not.toHaveProperty('idempotent-replayed');
    expect(bodyOf<Order>(second)).toMatchObject({ orderId: first.orderId, status: 'PENDING' });
    expect(orders()).toHaveLength(1);
  });
});
