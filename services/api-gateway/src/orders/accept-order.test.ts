import { describe, expect, it } from '@jest/globals';
import { contentHashOf, type Order } from '@orderflow/contracts';
import { eventIdFor } from '@orderflow/domain/ids';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, bodyOf, NAMES, NOW_MS, quiet, startApi } from '@orderflow/testing/api-gateway/start-api';

const NOW = new Date(NOW_MS).toISOString();

describe('POST /api/orders', () => {
  it('answers 201 with the order and its location', async () => {
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

  it('publishes OrderCreated to the order queue, with its context inside and the hash that the item stores', async () => {
    // A trusted proxy: the flags of the client's context count.
    const { post, orders, queued, published } = await startApi({ TRUST_PROXY: 'loopback' });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await post('/api/orders', anOrder(), { 'x-correlation-id': 'mine', traceparent });
    const { orderId } = bodyOf<Order>(answer);
    const [message] = await eventually(() => queued(NAMES.orderQueue).length > 0 && queued(NAMES.orderQueue));
    expect(message).toMatchObject({ 'detail-type': 'OrderCreated', source: 'orderflow.api-gateway' });
    const data = { orderId, ...anOrder(), createdAt: NOW };
    const contentHash = contentHashOf(data);
    expect(message!.detail).toEqual({
      metadata: {
        eventId: eventIdFor(orderId, 'OrderCreated', 1),
        version: 1,
        occurredAt: NOW,
        correlationId: 'mine',
        traceparent,
        contentHash,
      },
      data,
    });
    expect(orders()).toMatchObject([{ contentHash }]);
    await quiet();
    expect(published()).toHaveLength(1);
  });

  it('answers before the bus does', async () => {
    const { post, published } = await startApi();
    // The fake bus never answers in the turn of the call.
    const answer = await post('/api/orders', anOrder());
    expect(answer.status).toBe(201);
    await eventually(() => published().length === 1);
  });

  it('sends concurrent orders in one call', async () => {
    const { post, aws } = await startApi();
    await Promise.all(Array.from({ length: 10 }, () => post('/api/orders', anOrder())));
    await quiet();
    const calls = aws.eventBridge.callsOf('PutEvents');
    expect(calls.flatMap(({ Entries = [] }) => Entries)).toHaveLength(10);
    expect(calls.length).toBeLessThan(10);
  });

  it('accepts orders while the bus is unavailable, with one log line', async () => {
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
