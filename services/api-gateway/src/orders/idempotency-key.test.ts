import { describe, expect, it } from '@jest/globals';
import { type Order } from '@orderflow/contracts';
import {
  anItem,
  anOrder,
  bodyOf,
  NAMES,
  NOW_MS,
  quiet,
  startApi,
  type Api,
} from '@orderflow/testing/api-gateway/start-api';

const key = (value: string) => ({ 'idempotency-key': value });

/** The item as a worker leaves it. */
function complete(api: Api, orderId: string) {
  const { outboxShard: _, outboxAt: __, ...order } = api.aws.dynamo.item(NAMES.ordersTable, { orderId })!;
  const at = new Date(NOW_MS + 60_000).toISOString();
  api.aws.dynamo.seed(NAMES.ordersTable, { ...order, status: 'COMPLETED', version: 3, updatedAt: at, effects: 1 });
}

describe('an Idempotency-Key', () => {
  it('gives the same answer again, and stores and publishes once', async () => {
    const { post, orders, published } = await startApi();
    const first = await post('/api/orders', anOrder(), { ...key('k'), 'x-correlation-id': 'one' });
    const second = await post('/api/orders', anOrder(), { ...key('k'), 'x-correlation-id': 'two' });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.text).toBe(first.text);
    expect(second.headers.location).toBe(first.headers.location);
    expect([first, second].map(({ headers }) => headers['idempotent-replayed'])).toEqual([undefined, 'true']);
    expect(second.headers['x-correlation-id']).toBe('two');
    await quiet();
    expect(orders()).toHaveLength(1);
    expect(published()).toHaveLength(1);
  });

  it('gives the original answer after the order has completed', async () => {
    const api = await startApi();
    const first = await api.post('/api/orders', anOrder(), key('k'));
    complete(api, bodyOf<Order>(first).orderId);
    api.time.ms += 86_400_000;
    const second = await api.post('/api/orders', anOrder(), key('k'));
    expect(second.status).toBe(201);
    expect(second.text).toBe(first.text);
    expect(second.headers['idempotent-replayed']).toBe('true');
  });

  it('ignores how the same body is formatted', async () => {
    const { post } = await startApi();
    const { customerId, items, totalAmount } = anOrder();
    await post('/api/orders', anOrder(), key('k'));
    const answer = await post(
      '/api/orders',
      `{ "totalAmount": ${totalAmount}0, "items": ${JSON.stringify(items, null, 2)}, "customerId": "${customerId}" }`,
      key('k'),
    );
    expect(answer.headers['idempotent-replayed']).toBe('true');
  });

  it.each([
    ['another quantity', anOrder({ items: [anItem({ quantity: 1 })], totalAmount: 19.99 })],
    ['another name', anOrder({ items: [anItem({ productName: 'Pot' })] })],
    ['items in another order', anOrder({ items: [anItem({ quantity: 1 }), anItem({ productId: 'b', quantity: 1 })] })],
  ])('with %s is 422', async (_, body) => {
    const { post, orders, published } = await startApi();
    const original = anOrder({ items: [anItem({ productId: 'b', quantity: 1 }), anItem({ quantity: 1 })] });
    await post('/api/orders', original, key('k'));
    const answer = await post('/api/orders', body, key('k'));
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({
      status: 422,
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await quiet();
    expect(orders()).toHaveLength(1);
    expect(published()).toHaveLength(1);
  });

  it('belongs to its customer', async () => {
    const { post, orders } = await startApi();
    for (const [customerId, value] of [
      ['a', 'bc'],
      ['ab', 'c'],
      ['a', 'c'],
    ] as const) {
      const answer = await post('/api/orders', anOrder({ customerId }), key(value));
      expect(answer.headers['idempotent-replayed']).toBeUndefined();
    }
    expect(orders()).toHaveLength(3);
  });

  it('is required to make two requests one order', async () => {
    const { post, orders } = await startApi();
    await post('/api/orders', anOrder());
    await post('/api/orders', anOrder());
    expect(orders()).toHaveLength(2);
  });

  it('makes concurrent requests one order with one answer', async () => {
    const { post, orders, published } = await startApi();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        post('/api/orders', anOrder(), { ...key('k'), 'x-correlation-id': `attempt-${i}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    await quiet();
    expect(orders()).toHaveLength(1);
    expect(published()).toHaveLength(1);
  });

  it.each(['the same', 'another'])(
    'counts concurrent copies once, even within one ms, with %s correlation id',
    async (which) => {
      const { post, get, orders, published } = await startApi();
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          post('/api/orders', anOrder(), {
            ...key('k'),
            'x-correlation-id': which === 'the same' ? 'c' : `c-${i}`,
            traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
      expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
      await quiet();
      expect(orders()).toHaveLength(1);
      expect(published()).toHaveLength(1);
      expect((await get('/metrics')).text).toMatch(/^order_created_total 1$/m);
    },
  );

  it('makes a retry after a lost answer find its own order', async () => {
    const { post, aws, orders } = await startApi();
    aws.dynamo.applyThenLoseAnswer('BatchExecuteStatement');
    expect((await post('/api/orders', anOrder(), key('k'))).status).toBe(503);
    const retried = await post('/api/orders', anOrder(), key('k'));
    expect(retried.status).toBe(201);
    expect(orders()).toHaveLength(1);
    expect(bodyOf<Order>(retried).orderId).toBe(orders()[0]!.orderId);
  });

  it('still accepts when the SDK retries an insert whose answer was lost', async () => {
    const { post, aws, published } = await startApi();
    const { send } = aws.dynamo;
    // The retry happens inside the client, with the same statement.
    aws.dynamo.send = (async (command: { constructor: { name: string } }) => {
      if (command.constructor.name === 'BatchExecuteStatementCommand') await send(command as never);
      return send(command as never);
    }) as never;
    for (const headers of [{}, key('k')]) {
      const answer = await post('/api/orders', anOrder(), headers);
      expect(answer.status).toBe(201);
      expect(answer.headers['idempotent-replayed']).toBeUndefined();
    }
    await quiet();
    expect(published()).toHaveLength(2);
  });
});
