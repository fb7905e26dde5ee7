import { describe, expect, it } from '@jest/globals';
import { type Order } from '@orderflow/contracts';
import { eventIdFor } from '@orderflow/domain/ids';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import {
  anItem,
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

/** As a worker leaves it. */
function complete(api: Api, orderId: string) {
  const { outboxShard: _, outboxAt: __, ...order } = api.aws.dynamo.item(NAMES.ordersTable, { orderId })!;
  const at = new Date(NOW_MS + 60_000).toISOString();
  api.aws.dynamo.seed(NAMES.ordersTable, { ...order, status: 'COMPLETED', version: 3, updatedAt: at, effects: 1 });
}

describe('POST /api/orders', () => {
  it('answers 201 with the order and its place', async () => {
    const { post } = await startApi();
    const answer = await post('/api/orders', anOrder(), { 'x-correlation-id': 'mine' });
    const order = bodyOf<Order>(answer);
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe(`/api/orders/${order.orderId}`);
    expect(answer.headers['idempotent-replayed']).toBeUndefined();
    expect(order).toEqual({
      orderId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as unknown,
      status: 'PENDING',
      version: 1,
      ...anOrder(),
      createdAt: NOW,
      updatedAt: NOW,
      correlationId: 'mine',
    });
  });

  it('stores the order and its marker in one insert', async () => {
    const { post, aws, orders } = await startApi({ OUTBOX_DELAY_MS: '7000' });
    const { orderId } = bodyOf<Order>(await post('/api/orders', anOrder()));
    expect(orders()).toEqual([
      expect.objectContaining({
        orderId,
        status: 'PENDING',
        effects: 0,
        outboxAt: NOW_MS + 7_000,
        outboxShard: Number.parseInt(orderId.slice(-4), 16) % 8,
        outboxAttempts: 0,
      }),
    ]);
    const writes = aws.dynamo.calls.filter(({ operation }) => operation === 'BatchExecuteStatement');
    expect(writes).toHaveLength(1);
  });

  it('publishes OrderCreated to the order queue, with its context inside', async () => {
    const { post, queued, published } = await startApi();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await post('/api/orders', anOrder(), { 'x-correlation-id': 'mine', traceparent });
    const { orderId } = bodyOf<Order>(answer);
    const [message] = await eventually(() => queued(NAMES.orderQueue).length > 0 && queued(NAMES.orderQueue));
    expect(message).toMatchObject({ 'detail-type': 'OrderCreated', source: 'orderflow.api-gateway' });
    expect(message!.detail).toEqual({
      metadata: {
        eventId: eventIdFor(orderId, 'OrderCreated', 1),
        version: 1,
        occurredAt: NOW,
        correlationId: 'mine',
        traceparent,
      },
      data: { orderId, ...anOrder(), createdAt: NOW },
    });
    await quiet();
    expect(published()).toHaveLength(1);
  });

  it('answers before the bus has', async () => {
    const { post, published } = await startApi();
    // The fake's bus answers a turn later at the earliest, and never before it was asked.
    const answer = await post('/api/orders', anOrder());
    expect(answer.status).toBe(201);
    await eventually(() => published().length === 1);
  });

  it('sends orders that come together as one call', async () => {
    const { post, aws } = await startApi();
    await Promise.all(Array.from({ length: 10 }, () => post('/api/orders', anOrder())));
    await quiet();
    const calls = aws.eventBridge.callsOf('PutEvents');
    expect(calls.flatMap(({ Entries = [] }) => Entries)).toHaveLength(10);
    expect(calls.length).toBeLessThan(10);
  });

  it('accepts orders while the bus is away, with one line in the log', async () => {
    const { post, aws, orders, log } = await startApi();
    aws.eventBridge.failAlways('*', connectionRefused);
    for (let i = 0; i < 3; i++) {
      expect((await post('/api/orders', anOrder())).status).toBe(201);
      await quiet();
    }
    expect(orders().filter((order) => order.outboxAt !== undefined)).toHaveLength(3);
    expect(log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'events cannot be published, the outbox keeps them',
    ]);
    aws.eventBridge.heal();
    const recovered = log.next('events are published at once again');
    await post('/api/orders', anOrder());
    await recovered;
  });

  it('keeps the marker of an event that the bus refused', async () => {
    const { post, aws, orders, queued } = await startApi();
    aws.eventBridge.rejectEntriesNext('PutEvents', 'InternalFailure');
    expect((await post('/api/orders', anOrder())).status).toBe(201);
    await quiet();
    expect(queued(NAMES.orderQueue)).toEqual([]);
    expect(orders()[0]).toHaveProperty('outboxAt');
  });
});

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

  it('does not mind how the same body is written', async () => {
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

  it('is what makes two requests one: without it they are two orders', async () => {
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
    'counts concurrent copies once, also in one ms, with %s correlation id',
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

  it('is in nobody’s way when the SDK retries an insert whose answer was lost', async () => {
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
