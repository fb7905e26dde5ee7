import { describe, expect, it } from '@jest/globals';
import { type Order, type Timeline } from '@orderflow/contracts';
import { newId, replayIdFor } from '@orderflow/domain/ids';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, bodyOf, NAMES, NOW_MS, quiet, startApi } from '@orderflow/testing/api-gateway/start-api';

const UNDELIVERED = { code: 'UNDELIVERED', message: 'No worker finished it.', retriable: true };

/** An API with one order in the given state. */
async function start(change: Partial<OrderRecord> = {}) {
  const api = await startApi();
  const { orderId } = bodyOf<Order>(await api.post('/api/orders', anOrder()));
  await eventually(() => api.published().length > 0);
  const stored = api.aws.dynamo.item(NAMES.ordersTable, { orderId })!;
  api.aws.dynamo.seed(NAMES.ordersTable, {
    ...stored,
    status: 'FAILED',
    version: 3,
    effects: 1,
    failure: UNDELIVERED,
    ...change,
  });
  const replay = () => api.request('POST', `/api/orders/${orderId}/replay`);
  return { ...api, orderId, replay, order: () => api.aws.dynamo.item(NAMES.ordersTable, { orderId }) };
}

describe('POST /api/orders/:orderId/replay', () => {
  it('starts a failed order again, once, and publishes its event', async () => {
    const { replay, order, orderId, published } = await start();
    const answer = await replay();
    expect(answer.status).toBe(202);
    expect(bodyOf<Order>(answer)).toMatchObject({ orderId, status: 'PENDING', version: 4 });
    expect(bodyOf(answer)).not.toHaveProperty('failure');
    expect(order()).toMatchObject({
      ...{ status: 'PENDING', version: 4, effects: 0, holder: '', outboxAt: NOW_MS + 5_000 },
      lastReplayId: replayIdFor(`${orderId}:3`),
    });
    await eventually(() => published().length === 2);
    const [first, second] = published();
    expect(second?.Detail).toBe(first?.Detail);

    const again = await replay();
    expect(again.status).toBe(409);
    expect(bodyOf(again)).toMatchObject({ code: 'ORDER_NOT_REPLAYABLE', status: 409 });
    expect(bodyOf<{ detail: string }>(again).detail).toContain('it is PENDING');
    await quiet();
    expect(published()).toHaveLength(2);
  });

  it('starts it while the bus is unavailable, thanks to the marker', async () => {
    const { replay, order, aws } = await start();
    aws.eventBridge.failAlways('PutEvents', connectionRefused);
    expect((await replay()).status).toBe(202);
    expect(order()).toMatchObject({ status: 'PENDING', outboxAt: NOW_MS + 5_000 });
  });

  it.each([
    ['completed', { status: 'COMPLETED' as const }, 'it is COMPLETED'],
    [
      'refused for good',
      { failure: { ...UNDELIVERED, code: 'OUT_OF_STOCK', retriable: false } },
      'refused for good: OUT_OF_STOCK',
    ],
  ])('answers 409 for an order that is %s', async (_what, change, why) => {
    const { replay, order } = await start(change);
    const before = order();
    const answer = await replay();
    expect(answer.status).toBe(409);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(bodyOf<{ detail: string }>(answer).detail).toContain(why);
    expect(order()).toEqual(before);
  });

  it.each([
    ...(['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED'] as const).flatMap((status) => [
      { status, failure: UNDELIVERED },
      { status, failure: { ...UNDELIVERED, retriable: false } },
    ]),
  ])('is offered in the timeline exactly when it starts the order: %j', async (change) => {
    const { replay, get, orderId } = await start(change);
    const { replayable } = bodyOf<Timeline>(await get(`/api/orders/${orderId}/timeline`));
    expect(replayable).toBe((await replay()).status === 202);
  });

  it('answers 409 when the order changes between read and statement', async () => {
    const { replay, aws, order } = await start();
    const [failed] = [order()!];
    const send = aws.dynamo.send.bind(aws.dynamo) as (command: object) => Promise<unknown>;
    let changed = false;
    Object.assign(aws.dynamo, {
      send: (command: object) => {
        const answer = send(command);
        if (!changed)
          answer
            .finally(() => {
              aws.dynamo.seed(NAMES.ordersTable, { ...failed, version: 9 });
            })
            .catch(() => undefined);
        changed = true;
        return answer;
      },
    });
    const answer = await replay();
    expect(answer.status).toBe(409);
    expect(bodyOf<{ detail: string }>(answer).detail).toContain('changed meanwhile');
  });

  it('answers 404 for an unknown order, 400 for an invalid id, 503 while the table is unavailable', async () => {
    const { request, replay, aws } = await start();
    expect((await request('POST', `/api/orders/${newId()}/replay`)).status).toBe(404);
    expect((await request('POST', '/api/orders/no-id/replay')).status).toBe(400);
    aws.dynamo.failAlways('Get', connectionRefused);
    expect((await replay()).status).toBe(503);
  });
});
