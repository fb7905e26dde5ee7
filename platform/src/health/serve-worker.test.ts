import { describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { exits, serveFakeWorker, SIGNALS } from '@orderflow/testing/serve-fake-worker';

describe('health', () => {
  it('answers before the work starts', async () => {
    const { get, state } = await serveFakeWorker();
    expect(state.started).toBe(1);
    expect(await get('/health/live')).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { polling: 'up' } },
    });
    const ready = { status: 200, body: { status: 'ok', details: { queue: { status: 'up' } } } };
    expect(await get('/health/ready')).toMatchObject(ready);
    expect(await get('/health')).toMatchObject(ready);
    expect(await get('/elsewhere')).toEqual({ status: 404, body: { status: 'error', message: 'not found' } });
  });

  it('reports what is down, logs each change once, and keeps answers apart', async () => {
    const { get, state, log } = await serveFakeWorker();
    state.ready = false;
    const down = { status: 503, body: { status: 'error', details: { queue: { status: 'down', reason: 'gone' } } } };
    for (let times = 0; times < 3; times++) expect(await get('/health/ready')).toMatchObject(down);
    expect(await get('/health/live')).toMatchObject({ status: 200, body: { details: { polling: 'up' } } });
    state.ready = true;
    for (let times = 0; times < 3; times++) {
      expect(await get('/health/ready')).toMatchObject({ status: 200, body: { details: { queue: { status: 'up' } } } });
    }
    expect(log.messages()).toEqual(['health endpoints listen', 'not ready', 'ready again']);
  });

  it('reports that polling has died', async () => {
    const { get, state } = await serveFakeWorker();
    state.live = false;
    expect(await get('/health/live')).toMatchObject({ status: 503, body: { status: 'error' } });
  });
});

describe('GET /metrics', () => {
  it('returns the metrics, also after a scrape that failed', async () => {
    const { url, state, log } = await serveFakeWorker();
    const scrape = () => fetch(`${url}/metrics?x=1`, { headers: { connection: 'close' } });
    const answer = await scrape();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4']);
    expect(await answer.text()).toBe('up 1\n');
    state.measurable = false;
    expect((await scrape()).status).toBe(500);
    expect(log.messages()).toContain('metrics cannot be told');
    state.measurable = true;
    expect((await scrape()).status).toBe(200);
  });

  it('is the only method at that path', async () => {
    const { url } = await serveFakeWorker();
    expect((await fetch(`${url}/metrics`, { method: 'POST', headers: { connection: 'close' } })).status).toBe(404);
  });
});

describe('a signal', () => {
  it.each(SIGNALS)('%s drains the worker while health answers 503, then exits 0', async (signal) => {
    const { get, state, log, drain } = await serveFakeWorker();
    process.emit(signal);
    await eventually(() => log.messages().includes('draining'));
    for (const path of ['/health', '/health/live', '/health/ready']) {
      expect(await get(path)).toEqual({ status: 503, body: { status: 'error' } });
    }
    expect(exits).toEqual([]);
    expect(state.released).toBe(0);
    drain();
    await eventually(() => exits.length > 0);
    expect(exits).toEqual([0]);
    expect(state.released).toBe(1);
    expect(log.messages()).toEqual(['health endpoints listen', 'draining', 'drained']);
  });

  it('exits 1 when the drain takes too long', async () => {
    const { log } = await serveFakeWorker({ shutdownTimeoutMs: 20 });
    process.emit('SIGTERM');
    await eventually(() => exits.length > 0);
    expect(exits).toEqual([1]);
    expect(log.messages()).toContain('not drained in time');
  });
});

it('exits 1 when polling has died', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setTimeout', 'clearTimeout'] });
  const { state, log } = await serveFakeWorker();
  jest.advanceTimersByTime(60_000);
  expect(exits).toEqual([]);
  state.live = false;
  jest.advanceTimersByTime(5_000);
  expect(exits).toEqual([]);
  jest.advanceTimersByTime(5_000);
  expect(exits).toEqual([1]);
  expect(log.messages()).toContain('polling has died, the process ends');
});
