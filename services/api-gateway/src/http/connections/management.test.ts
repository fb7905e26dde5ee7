import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';
import { routesOf } from '@orderflow/testing/api-gateway/routes';
import { createIssuer, JWT_MODE, OPERATOR } from '@orderflow/testing/api-gateway/issuer';
import { eventually } from '@orderflow/testing/eventually';
import { leaveRaw, openRaw, parseAnswer, statusesOf, UNSERVABLE } from '@orderflow/testing/raw-client';

afterEach(leaveRaw);

const PROBES = ['/health', '/health/live', '/health/ready', '/metrics'];

async function start(env: NodeJS.ProcessEnv = {}) {
  const issuer = await createIssuer();
  const api = await startApi({ MANAGEMENT_PORT: '0', ...env }, undefined, issuer.fetch);
  await api.app.listen(0, '127.0.0.1');
  const line = api.log.lines.find(({ message }) => message === 'health and metrics listen');
  const management = (line?.fields.address as AddressInfo).port;
  const { port } = api.app.getHttpServer().address() as AddressInfo;
  const ask = async (
    at: number,
    path: string,
    { method, headers }: { method?: string; headers?: Record<string, string> } = {},
  ) => {
    const answer = await fetch(`http://127.0.0.1:${at}${path}`, {
      method,
      headers: { connection: 'close', ...headers },
    });
    return { status: answer.status, text: await answer.text() };
  };
  return { ...api, issuer, port, management, ask };
}

async function askRaw(port: number, text: string) {
  const client = await openRaw(port, text);
  await eventually(() => client.socket.readableEnded);
  return client.received();
}

describe('MANAGEMENT_PORT', () => {
  it.each(['off', 'jwt'])(
    'has health and metrics, without a token, and PORT has them no more: %s',
    async (AUTH_MODE) => {
      const { port, management, ask } = await start({ ...JWT_MODE, AUTH_MODE });
      for (const path of PROBES) {
        expect({ path, status: (await ask(management, path)).status }).toEqual({ path, status: 200 });
        for (const method of ['GET', 'HEAD']) {
          const { status, text } = await ask(port, path, { method });
          expect({ path, status }).toEqual({ path, status: 404 });
          if (method === 'GET') expect(bodyOf({ text }).code).toBe('ROUTE_NOT_FOUND');
        }
      }
    },
  );

  it('has nothing else, whatever the token', async () => {
    const api = await start(JWT_MODE);
    const headers = await api.issuer.as(OPERATOR);
    const others = (await routesOf(api)).filter(({ url }) => !PROBES.includes(url));
    expect(others.length).toBeGreaterThan(20);
    for (const { method, url } of [...others, { method: 'POST', url: '/health' }, { method: 'GET', url: '/nothing' }]) {
      const { status } = await api.ask(api.management, url, { method, headers });
      expect({ method, url, status }).toEqual({ method, url, status: 404 });
    }
  });

  it('has no limit, and PORT counts requests for what is not there', async () => {
    const { port, management, ask } = await start({ RATE_LIMIT_MAX: '2' });
    for (const _ of [1, 2, 3, 4]) expect((await ask(management, '/metrics')).status).toBe(200);
    const statuses: number[] = [];
    for (const _ of [1, 2, 3]) statuses.push((await ask(port, '/metrics')).status);
    expect(statuses).toEqual([404, 404, 429]);
  });

  it('checks the host', async () => {
    const { management } = await start();
    for (const [host, status] of [
      ['evil.example', 421],
      ['localhost', 200],
    ] as const) {
      const head = `GET /health/live HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      expect(statusesOf(await askRaw(management, head))).toEqual([status]);
    }
  });

  it.each(UNSERVABLE)('answers with a problem to $what', async ({ text, status }) => {
    const { management } = await start();
    const answer = parseAnswer(await askRaw(management, text.replaceAll('{path}', '/health')));
    // No route takes the ones with a body, which is 404 before the body is read.
    expect([status, 404]).toContain(answer.status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('answers in order when nonsense follows a request', async () => {
    const { management } = await start();
    const text = await askRaw(management, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n');
    expect(statusesOf(text)).toEqual([200, 400]);
  });

  it('says that the process drains while load balancers take it out, and closes at the end', async () => {
    const { app, management, ask } = await start({ SHUTDOWN_DELAY_MS: '1000' });
    const stopped = app.close();
    const ready = await ask(management, '/health/ready');
    expect([ready.status, JSON.parse(ready.text)]).toEqual([503, { status: 'error', message: 'draining' }]);
    expect((await ask(management, '/health/live')).status).toBe(200);
    expect((await ask(management, '/metrics')).status).toBe(200);
    await stopped;
    await expect(ask(management, '/health/live')).rejects.toThrow('fetch failed');
  });

  it('that is taken ends the start with a sentence', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { app } = await startApi({ MANAGEMENT_PORT: String(port) });
    await expect(app.listen(0, '127.0.0.1')).rejects.toMatchObject({
      name: 'ConfigError',
      problems: [`MANAGEMENT_PORT=${port} cannot be used: another process listens there`],
    });
    taken.close();
  });
});
