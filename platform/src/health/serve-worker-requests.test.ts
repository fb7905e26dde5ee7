import { describe, expect, it } from '@jest/globals';
import { INCOMPLETE, openRaw, parseAnswer, statusesOf, UNSERVABLE } from '@orderflow/testing/raw-client';
import { HEADS, sendHead } from '@orderflow/testing/hostile-heads';
import { eventually } from '@orderflow/testing/eventually';
import { exits, serveFakeWorker } from '@orderflow/testing/serve-fake-worker';

describe('a request', () => {
  it('is served or refused according to its head', async () => {
    const { port } = await serveFakeWorker();
    const listener = { port, service: 'a-worker', path: '/health' };
    const answers = await Promise.all(HEADS.map((head) => sendHead(head, listener)));
    expect(HEADS.map(({ what }, index) => [what, answers[index]?.outcome])).toEqual(
      HEADS.map(({ what, status }) => [what, status]),
    );
  });

  it.each(['/health', '/health/ready', '/health/live', '/metrics', '/nowhere', '/%'])(
    'with a foreign Host or Origin does not reach the worker at %s',
    async (path) => {
      const { port, state } = await serveFakeWorker();
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

  it.each(['/health', '/metrics', '/nowhere'])('to %s gets an answer that no other page can load', async (path) => {
    const { url } = await serveFakeWorker();
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
  ])('%s is decoded and matched without its query', async (target) => {
    const { port } = await serveFakeWorker();
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
      const { port } = await serveFakeWorker();
      const client = await openRaw(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      await client.closed;
      expect(parseAnswer(client.received()).status).toBe(404);
    },
  );
});

describe('an incomplete request', () => {
  it('is answered with 408 after 10 s', async () => {
    const { server, port } = await serveFakeWorker();
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

  it('does not delay the shutdown', async () => {
    const { log, port, drain } = await serveFakeWorker();
    for (const { text } of INCOMPLETE) await openRaw(port, text.replaceAll('{path}', '/health'));
    process.emit('SIGTERM');
    await eventually(() => log.messages().includes('draining'));
    drain();
    await eventually(() => exits.length > 0);
    expect([exits, log.messages().at(-1)]).toEqual([[0], 'drained']);
  }, 30_000);
});

describe('bytes that are not a request', () => {
  it.each(UNSERVABLE)('$what: status $status, with a body that says why', async ({ text, status }) => {
    const { port } = await serveFakeWorker();
    const client = await openRaw(port, text.replaceAll('{path}', '/health'));
    await eventually(() => client.socket.readableEnded);
    const answer = parseAnswer(client.received());
    expect(answer).toMatchObject({ status, headers: { connection: 'close', 'x-content-type-options': 'nosniff' } });
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'error', message: expect.any(String) as unknown });
  });

  it('get an answer even if a large body follows', async () => {
    const { port } = await serveFakeWorker();
    const head = 'POST /health HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5000000\r\n\r\n';
    const client = await openRaw(port, head + 'x'.repeat(5_000_000));
    expect(await client.closed).toBe(true);
    expect(parseAnswer(client.received())).toMatchObject({ status: 421 });
  });
});
