import { describe, expect, it } from '@jest/globals';
import { connectionRefused, timedOut } from '@orderflow/testing/aws/aws-errors';
import { samplesOf, valueOf } from '@orderflow/testing/samples';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, NAMES, NOW_MS, quiet, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

async function read({ get }: Api, name: string, labels: Record<string, string> = {}) {
  return valueOf((await get('/metrics')).text, name, labels);
}

describe('GET /metrics', () => {
  it('is text for Prometheus, not rate limited, and not part of the described API', async () => {
    const api = await startApi({ RATE_LIMIT_MAX: '1' });
    for (let times = 0; times < 3; times++) {
      const answer = await api.get('/metrics');
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    expect((await api.get('/openapi.json')).text).not.toContain('/metrics');
    // Unknown paths are rate limited.
    expect((await api.request('POST', '/metrics')).status).toBe(429);
    api.time.ms += 60_000;
    const refused = await api.request('POST', '/metrics');
    expect([refused.status, refused.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it('logs nothing above debug', async () => {
    const api = await startApi();
    await api.get('/metrics');
    expect(api.log.lines.filter(({ message }) => message === 'request').map(({ level }) => level)).toEqual(['debug']);
  });
});

describe('the metrics of requests', () => {
  it("have the route's pattern, never the path", async () => {
    const api = await startApi();
    await api.get('/api/orders/018f0000-0000-7000-8000-000000000000');
    await api.get('/api/orders/018f0000-0000-7000-8000-000000000001');
    const labels = { method: 'GET', route: '/api/orders/:orderId', status: '404' };
    expect(await read(api, 'http_requests_total', labels)).toBe(2);
    expect(await read(api, 'http_request_duration_seconds_count', labels)).toBe(2);
  });

  it('stay bounded, whatever clients request', async () => {
    const api = await startApi();
    for (const path of ['/', '/admin.php', '/api/orders/1/2/3', '/%', '/api/orders?limit=x', '/docs/x']) {
      for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'LOCK']) await api.request(method, path);
    }
    const samples = samplesOf((await api.get('/metrics')).text).filter(({ name }) => name === 'http_requests_total');
    const valuesOf = (label: string) => [...new Set(samples.map(({ labels }) => labels[label]))].sort();
    expect(valuesOf('route')).toEqual(['(none)', '/', '/api/orders']);
    expect(valuesOf('method')).toEqual(['DELETE', 'GET', 'OPTIONS', 'PUT', 'other']);
  });
});

describe('the metrics of orders', () => {
  it('count each order once, however often its request is repeated, and no refused orders', async () => {
    const api = await startApi();
    expect(await read(api, 'order_created_total')).toBe(0);
    for (let times = 0; times < 3; times++) await api.post('/api/orders', anOrder(), { 'idempotency-key': 'once' });
    await api.post('/api/orders', anOrder({ totalAmount: 1 }));
    expect(await read(api, 'order_created_total')).toBe(1);
    await api.post('/api/orders', anOrder());
    expect(await read(api, 'order_created_total')).toBe(2);
    expect(await read(api, 'order_amount_sum')).toBeCloseTo(2 * 39.98);
    expect(await read(api, 'order_amount_bucket', { le: '50' })).toBe(2);
    expect(await read(api, 'order_amount_bucket', { le: '25' })).toBe(0);
  });
});

describe('the metrics of the outbox', () => {
  const table = NAMES.ordersTable;

  it('count republications, and show depth and age while the bus is unavailable', async () => {
    const api = await startApi({ SWEEP_INTERVAL_MS: '100' });
    expect(await read(api, 'outbox_republished_total', { table })).toBe(0);
    api.aws.eventBridge.failAlways('PutEvents', connectionRefused);
    await api.post('/api/orders', anOrder());
    api.time.ms += 60_000;
    await eventually(() => api.aws.eventBridge.callsOf('PutEvents').length > 1);
    expect(await read(api, 'outbox_due_markers', { table })).toBe(1);
    expect(await read(api, 'outbox_oldest_due_marker_age_seconds', { table })).toBe(60);
    expect(await read(api, 'outbox_republished_total', { table })).toBe(0);

    api.aws.eventBridge.heal();
    api.time.ms += 60_000;
    await eventually(() => api.queued(NAMES.orderQueue).length > 0);
    await quiet();
    expect(await read(api, 'outbox_republished_total', { table })).toBe(1);
    expect(await read(api, 'outbox_last_sweep_timestamp_seconds', { table })).toBe(api.time.ms / 1_000);
  });
});

describe('the time that orders took', () => {
  const count = (api: Api) => read(api, 'order_accept_to_terminal_seconds_count', { status: 'FAILED' });

  /** An order without delivery attempts left, swept an hour after it was accepted. */
  async function giveUp(change: object = {}): Promise<Api> {
    const api = await startApi({ SWEEP_INTERVAL_MS: '100' });
    api.aws.eventBridge.loseNext();
    await api.post('/api/orders', anOrder());
    await quiet();
    const [order] = api.orders();
    api.aws.dynamo.seed(NAMES.ordersTable, { ...order, outboxAttempts: 1_000, ...change });
    api.time.ms += 3_600_000;
    await eventually(() => api.orders()[0]?.status === 'FAILED');
    await quiet();
    return api;
  }

  it('includes orders that no worker finished', async () => {
    const api = await giveUp();
    expect(await count(api)).toBe(1);
    expect(await read(api, 'order_accept_to_terminal_seconds_sum', { status: 'FAILED' })).toBe(3_600);
  });

  it('excludes a replay, which waited for an operator', async () => {
    const api = await giveUp({ lastReplayId: 'replay-1' });
    expect(await count(api)).toBeUndefined();
    expect(await read(api, 'outbox_given_up_total', { table: NAMES.ordersTable })).toBe(1);
  });
});

describe('the time of the last sweep', () => {
  const last = (api: Api) => read(api, 'outbox_last_sweep_timestamp_seconds', { table: NAMES.ordersTable });

  it('is the process start until the first sweep, so that an unswept table has an age', async () => {
    const api = await startApi();
    api.time.ms += 180_000;
    expect(await last(api)).toBe(NOW_MS / 1_000);
  });

  it('does not change while the table cannot be read', async () => {
    const api = await startApi({ SWEEP_INTERVAL_MS: '100' });
    api.aws.dynamo.failAlways('Query', connectionRefused);
    api.time.ms += 180_000;
    await api.log.next('outbox sweeper cannot work');
    expect(await last(api)).toBe(NOW_MS / 1_000);
    api.aws.dynamo.heal();
    await api.log.next('outbox sweeper recovered');
    expect(await last(api)).toBe(api.time.ms / 1_000);
  });
});

describe('the queue metrics', () => {
  it('show the messages of each queue', async () => {
    const api = await startApi();
    await api.post('/api/orders', anOrder());
    await eventually(() => api.queued(NAMES.orderQueue).length > 0);
    expect(await read(api, 'queue_messages', { queue: NAMES.orderQueue, state: 'visible' })).toBe(1);
    expect(await read(api, 'queue_messages', { queue: NAMES.notificationQueue, state: 'visible' })).toBe(0);
    expect(await read(api, 'queue_messages', { queue: NAMES.undeliveredQueue, state: 'visible' })).toBe(0);
  });

  it.each([
    ['refuses connections', connectionRefused],
    ['does not answer', timedOut],
  ])('are absent while SQS %s; the others are present', async (_, fault) => {
    const api = await startApi();
    api.aws.sqs.failAlways('*', fault);
    const { status, text } = await api.get('/metrics');
    expect(status).toBe(200);
    expect(samplesOf(text).filter(({ name }) => name === 'queue_messages')).toEqual([]);
    expect(valueOf(text, 'order_created_total')).toBe(0);
  });
});
