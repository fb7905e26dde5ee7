import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createMonotonicClock } from '../runtime/clock.js';
import { createRequestGuard } from '../http/request-guard.js';
import { INCOMPLETE, leaveRaw, openRaw, parseAnswer, statusesOf, UNSERVABLE } from '@orderflow/testing/raw-client';
import { HEADS, sendHead } from '@orderflow/testing/hostile-heads';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { eventually } from '@orderflow/testing/worker-system';
import { serveWorker } from './serve-worker.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const exits: number[] = [];
let servers: Server[] = [];

beforeEach(() => {
  exits.length = 0;
  jest.spyOn(process, 'exit').mockImplementation((code) => {
    exits.push(Number(code));
    return undefined as never;
  });
});
afterEach(async () => {
  leaveRaw();
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  for (const server of servers) {
    // Closing also ends the watchdog, which must not outlive the mock of process.exit.
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
  servers = [];
  jest.useRealTimers();
  jest.restoreAllMocks();
});

async function serve({ shutdownTimeoutMs = 60_000 } = {}) {
  const log = createRecordingLogger();
  const state = { live: true, ready: true, measurable: true, drained: false, started: 0, released: 0, asked: 0 };
  let drain: () => void = () => undefined;
  const worker = {
    start: () => void (state.started += 1),
    stop: () => new Promise<void>((resolve) => (drain = resolve)),
    isLive: () => state.live,
    readiness: async () => {
      state.asked += 1;
      return {
        ok: state.ready,
        checks: { queue: state.ready ? { status: 'up' as const } : { status: 'down' as const, reason: 'gone' } },
      };
    },
    scrape: async () => {
      state.asked += 1;
      if (!state.measurable) throw new Error('a collector fails');
      return { contentType: 'text/plain; version=0.0.4', text: 'up 1\n' };
    },
  };
  const server = await serveWorker(worker, {
    host: '127.0.0.1',
    port: 0,
    guard: createRequestGuard('a-worker', { HOST: '127.0.0.1' }),
    shutdownTimeoutMs,
    release: () => void (state.released += 1),
    logger: log.logger,
    monotonic: createMonotonicClock(),
  });
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return {
    log,
    state,
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    get,
    drain: () => {
      drain();
    },
  };
}

describe('health', () => {
  it('answers once it listens, and only then starts the work', async () => {
    const { get, state } = await serve();
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

  it('tells what is down, logs each change once, and mixes up no answers', async () => {
    const { get, state, log } = await serve();
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

  it('says when polling has died', async () => {
    const { get, state } = await serve();
    state.live = false;
    expect(await get('/health/live')).toMatchObject({ status: 503, body: { status: 'error' } });
  });
});

describe('GET /metrics', () => {
  it('tells Prometheus, and goes on when it once cannot', async () => {
    const { url, state, log } = await serve();
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

  it('is all that there is at that path', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/metrics`, { method: 'POST', headers: { connection: 'close' } })).status).toBe(404);
  });
});

describe('a request', () => {
  it('is served or refused by its head', async () => {
    const { port } = await serve();
    const listener = { port, service: 'a-worker', path: '/health' };
    const answers = await Promise.all(HEADS.map((head) => sendHead(head, listener)));
    expect(HEADS.map(({ what }, index) => [what, answers[index]?.outcome])).toEqual(
      HEADS.map(({ what, status }) => [what, status]),
    );
  });

  it.each(['/health', '/health/ready', '/health/live', '/metrics', '/nowhere', '/%'])(
    'of a foreign Host or page asks nothing of the worker at %s',
    async (path) => {
      const { port, state } = await serve();
      const listener = { port, service: 'a-worker', path };
      const misdirected = await sendHead({ lines: ['GET {path} HTTP/1.1', 'Host: evil.example'] }, listener);
      expect(misdirected.head).toContain('content-type: application/json');
      expect(misdirected.body).toContain('"code":"HOST_NOT_ALLOWED"');
      const foreign = ['POST {path} HTTP/1.1', 'Host: localhost', 'Origin: http://evil.example'];
      const { body } = await sendHead({ lines: foreign }, listener);
      expect(body).toContain('"code":"ORIGIN_NOT_ALLOWED"');
      expect(state.asked).toBe(0);
    },
  );

  it.each(['/health', '/metrics', '/nowhere'])('gets an answer from %s that no other page can load', async (path) => {
    const { url } = await serve();
    const { headers } = await fetch(`${url}${path}`, { headers: { connection: 'close' } });
    expect(Object.fromEntries(headers)).toMatchObject({
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });
});

describe('a path', () => {
  it.each([
    ...['/health?x=1', '/health?', '/health#x', '/%68ealth', '/health/ready?x=1', '/health/live?%', '/health%2Flive'],
    ...['/metrics?x=/health', '/%6Detrics', 'http://localhost/health/ready', 'HTTP://LOCALHOST/metrics?x'],
  ])('%s is that without its query, decoded', async (target) => {
    const { port } = await serve();
    for (const method of ['GET', 'HEAD']) {
      const client = await openRaw(
        port,
        `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      await client.closed;
      const { status, headers, body } = parseAnswer(client.received());
      expect({ method, status }).toEqual({ method, status: 200 });
      expect(body === '').toBe(method === 'HEAD');
      expect(headers['content-length']).not.toBe('0');
    }
  });

  it.each(['/healthzzz', '/health/', '/health/ready/x', '/%', '/health%', '/metricsx', '/?/health'])(
    '%s is 404',
    async (target) => {
      const { port } = await serve();
      const client = await openRaw(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      await client.closed;
      expect(parseAnswer(client.received()).status).toBe(404);
    },
  );
});

describe('what a client sends in part', () => {
  it('has 10 s, and is answered with 408 then', async () => {
    const { server, port } = await serve();
    expect([server.requestTimeout, server.headersTimeout]).toEqual([10_000, 10_000]);
    Object.assign(server, { requestTimeout: 100, headersTimeout: 100 });
    const ended = INCOMPLETE.filter(({ statuses }) => statuses !== 'idle').map(async ({ what, text, statuses }) => {
      const client = await openRaw(port, text.replaceAll('{path}', '/health'));
      return { what, statuses, wasClean: await client.closed, received: statusesOf(client.received()) };
    });
    for (const { what, statuses, wasClean, received } of await Promise.all(ended)) {
      expect({ what, wasClean, received }).toEqual({ what, wasClean: true, received: statuses });
    }
  }, 30_000);

  it('does not hold up the end', async () => {
    const { log, port, drain } = await serve();
    for (const { text } of INCOMPLETE) await openRaw(port, text.replaceAll('{path}', '/health'));
    process.emit('SIGTERM');
    await eventually(() => log.messages().includes('draining'));
    drain();
    await eventually(() => exits.length > 0);
    expect([exits, log.messages().at(-1)]).toEqual([[0], 'drained']);
  }, 30_000);
});

describe('what is no request', () => {
  it.each(UNSERVABLE)('$what is $status, with a body that says why', async ({ text, status }) => {
    const { port } = await serve();
    const client = await openRaw(port, text.replaceAll('{path}', '/health'));
    await eventually(() => client.socket.readableEnded);
    const answer = parseAnswer(client.received());
    expect(answer).toMatchObject({ status, headers: { connection: 'close', 'x-content-type-options': 'nosniff' } });
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'error', message: expect.any(String) as unknown });
  });

  it('refused with a large body, is answered all the same', async () => {
    const { port } = await serve();
    const head = 'POST /health HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5000000\r\n\r\n';
    const client = await openRaw(port, head + 'x'.repeat(5_000_000));
    expect(await client.closed).toBe(true);
    expect(parseAnswer(client.received())).toMatchObject({ status: 421 });
  });
});

describe('a signal', () => {
  it.each(SIGNALS)('%s drains the worker while health says 503, and ends with exit code 0', async (signal) => {
    const { get, state, log, drain } = await serve();
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

  it('ends with exit code 1 when the drain takes too long', async () => {
    const { log } = await serve({ shutdownTimeoutMs: 20 });
    process.emit('SIGTERM');
    await eventually(() => exits.length > 0);
    expect(exits).toEqual([1]);
    expect(log.messages()).toContain('not drained in time');
  });
});

it('ends a process whose polling has died', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setTimeout', 'clearTimeout'] });
  const { state, log } = await serve();
  jest.advanceTimersByTime(60_000);
  expect(exits).toEqual([]);
  state.live = false;
  jest.advanceTimersByTime(5_000);
  expect(exits).toEqual([]);
  jest.advanceTimersByTime(5_000);
  expect(exits).toEqual([1]);
  expect(log.messages()).toContain('polling has died, the process ends');
});
