import { describe, expect, it } from '@jest/globals';
import {
  resourceNames,
  WORK_QUEUES,
  workQueueNames,
  type Order,
  type SystemState,
  type Timeline,
} from '@orderflow/contracts';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { anOrder, bodyOf, NAMES, NOW_MS, quiet, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

const names = resourceNames('test');

async function place({ post }: Api): Promise<string> {
  return bodyOf<Order>(await post('/api/orders', anOrder(), { 'x-correlation-id': 'c-1' })).orderId;
}

describe('GET /api/orders/:orderId/timeline', () => {
  it('shows what has happened so far', async () => {
    const api = await startApi();
    const orderId = await place(api);
    const answer = await api.get(`/api/orders/${orderId}/timeline`);
    expect(answer.status).toBe(200);
    const { steps, ...rest } = bodyOf<Timeline>(answer);
    expect(rest).toEqual({ orderId, status: 'PENDING', replayable: false, nextCursor: null });
    expect(steps).toMatchObject([
      { step: 'accepted', status: 'PENDING', at: new Date(NOW_MS).toISOString(), sinceMs: 0, correlationId: 'c-1' },
    ]);
  });

  it('includes the notifications', async () => {
    const api = await startApi();
    const orderId = await place(api);
    await api.post('/api/notifications', { orderId, channel: 'SMS', message: 'soon' });
    const { steps } = bodyOf<Timeline>(await api.get(`/api/orders/${orderId}/timeline`));
    expect(steps.map(({ step, subject }) => [step, subject])).toEqual([
      ['accepted', 'order'],
      ['accepted', 'notification'],
    ]);
  });

  it.each(['timeline', 'events'])('%s: tells an unknown order from a malformed id', async (what) => {
    const api = await startApi();
    const unknown = await api.get(`/api/orders/01a20ae4-502c-7542-ba15-7e7dd5c1f7e8/${what}`);
    expect([unknown.status, bodyOf(unknown).code]).toEqual([404, 'ORDER_NOT_FOUND']);
    expect((await api.get(`/api/orders/nonsense/${what}`)).status).toBe(400);
  });
});

describe('GET /api/orders/:orderId/events', () => {
  const finished = async (api: Api) => {
    const orderId = await place(api);
    const [order] = api.orders();
    api.aws.dynamo.seed(NAMES.ordersTable, { ...order, status: 'COMPLETED', version: 3 });
    return `/api/orders/${orderId}/events`;
  };

  it('is a stream that no cache and no proxy keeps', async () => {
    const api = await startApi();
    const answer = await api.get(await finished(api));
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(answer.text).toMatch(/^retry: 1000\n\nevent: order\nid: 3\ndata: \{.*"status":"COMPLETED".*\}\n\n$/);
  });

  it('tells a client that has seen the outcome not to reconnect', async () => {
    const api = await startApi();
    const answer = await api.get(await finished(api), { 'last-event-id': '3' });
    expect([answer.status, answer.text]).toEqual([204, '']);
  });
});

describe('GET /api/system', () => {
  it('shows the queues and the stage of each order', async () => {
    const api = await startApi();
    const published = await place(api);
    await quiet();
    api.aws.eventBridge.failNext('PutEvents', connectionRefused());
    const waiting = await place(api);
    await quiet();
    const answer = await api.get('/api/system');
    expect(answer.status).toBe(200);
    const state = bodyOf<SystemState>(answer);
    expect(state).not.toHaveProperty('problem');
    expect(state).not.toHaveProperty('workers');
    const queues = WORK_QUEUES.map((queue) => workQueueNames(names, queue));
    expect(state.queues.map(({ name, role, visible }) => [name, role, visible])).toEqual([
      ...queues.map(({ name }) => [name, 'work', name === names.orderQueue ? 1 : 0]),
      ...queues.map(({ deadLetterName }) => [deadLetterName, 'dead-letter', 0]),
      [names.undeliveredQueue, 'undelivered', 0],
    ]);
    const stages = Object.fromEntries(state.orders.map(({ orderId, stage }) => [orderId, stage]));
    expect(stages).toEqual({ [published]: 'queued', [waiting]: 'accepted' });
  });

  it('reports what it cannot show instead of failing', async () => {
    const api = await startApi();
    for (let i = 0; i < 10; i++) api.aws.sqs.failNext('GetQueueAttributes', connectionRefused());
    for (let i = 0; i < 10; i++) api.aws.dynamo.failNext('Query', connectionRefused());
    const answer = await api.get('/api/system');
    expect(answer.status).toBe(200);
    expect(bodyOf<SystemState>(answer).problem).toMatch(/^the database and the queues cannot be reached/);
  });
});
