import { describe, expect, it } from '@jest/globals';
import type { DeadLetterList, Order, OrderPage, SystemState } from '@orderflow/contracts';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { anOrder, bodyOf, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

const HOUR_MS = 3_600_000;
const STEPS = [-HOUR_MS, HOUR_MS];

/** Sets the wall clock only; no time passes. */
function step({ time }: Api, byMs: number): void {
  time.wallIsOffByMs += byMs;
}

describe.each(STEPS)('after the wall clock was set by %i ms', (stepMs) => {
  it('readiness reports an outage within 5 s', async () => {
    const api = await startApi();
    expect((await api.get('/health/ready')).status).toBe(200);
    step(api, stepMs);
    api.aws.dynamo.failAlways('*', connectionRefused);
    api.time.ms += 5_000;
    expect((await api.get('/health/ready')).status).toBe(503);
  });

  it('a client within its limit is served, and one above it waits only for the rest of its window', async () => {
    const api = await startApi({ RATE_LIMIT_MAX: '2' });
    const statuses: number[] = [];
    const ask = async () => statuses.push((await api.get('/api/orders')).status);
    await ask();
    await ask();
    step(api, stepMs);
    await ask();
    api.time.ms += 60_000;
    await ask();
    expect(statuses).toEqual([200, 200, 429, 200]);
  });

  it('queues and dead letters are read again', async () => {
    const api = await startApi();
    const looks = () => api.aws.sqs.callsOf('GetQueueAttributes').length + api.aws.sqs.callsOf('ReceiveMessage').length;
    const look = async () => {
      const before = looks();
      expect(bodyOf<DeadLetterList>(await api.get('/api/dead-letters')).items).toEqual([]);
      expect((await api.get('/metrics')).status).toBe(200);
      return looks() > before;
    };
    expect(await look()).toBe(true);
    step(api, stepMs);
    api.time.ms += 10_000;
    expect(await look()).toBe(true);
  });

  it('orders are accepted and listed once each, across pages too', async () => {
    const api = await startApi();
    const accept = async () => bodyOf<Order>(await api.post('/api/orders', anOrder())).orderId;
    const ids = [await accept(), await accept()];
    step(api, stepMs);
    ids.push(await accept(), await accept());
    const listed: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: OrderPage = bodyOf<OrderPage>(await api.get(`/api/orders?limit=1${query}`));
      listed.push(...page.items.map(({ orderId }) => orderId));
      cursor = page.nextCursor;
    }
    expect(listed.sort()).toEqual(ids.sort());
  });

  it('a month that seemed to be over is queried again once it begins', async () => {
    const api = await startApi();
    step(api, 90 * 24 * HOUR_MS);
    await api.get('/api/orders');
    step(api, -90 * 24 * HOUR_MS);
    api.time.ms += 40 * 24 * HOUR_MS;
    const { orderId } = bodyOf<Order>(await api.post('/api/orders', anOrder()));
    api.time.ms += 30 * 24 * HOUR_MS;
    expect(bodyOf<OrderPage>(await api.get('/api/orders')).items.map((order) => order.orderId)).toEqual([orderId]);
  });

  it("the system's state stays current", async () => {
    const api = await startApi();
    await api.get('/api/system');
    step(api, stepMs);
    const { orderId } = bodyOf<Order>(await api.post('/api/orders', anOrder()));
    const shows = async () => {
      const { orders, at } = bodyOf<SystemState>(await api.get('/api/system'));
      return orders.some((order) => order.orderId === orderId) && Date.parse(at) === api.time.ms + stepMs;
    };
    while (!(await shows())) await new Promise((resolve) => setTimeout(resolve, 50));
  });
});
