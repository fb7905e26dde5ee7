import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { checkPorts, checkLeftBehind, checkPort } from '../../../tools/doctor/ports.mjs';

/** Listens on a free port and says which. */
const LISTEN =
  'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))';

describe('a port', () => {
  const seen = { name: 'order-worker', variable: 'ORDER_WORKER_PORT', port: 3010, isOurs: false };

  it('is free, or held by this system', () => {
    expect(checkPort(seen)).toMatchObject({ status: 'ok', found: '3010 is free' });
    expect(checkPort({ ...seen, isOurs: true, owner: { container: 'orderflow-order-worker-1' } }).status).toBe('ok');
  });

  it.each([
    [{ pid: 42, command: 'python3 -m http.server' }, 'process 42: python3 -m http.server', 'kill 42,'],
    [{ container: 'other-1' }, 'the container other-1', 'docker stop other-1,'],
    ['unknown' as const, 'a process of another user', 'sudo lsof -i :3010 '],
  ])('is held by %j', (owner, holder, end) => {
    const { status, found, fix } = checkPort({ ...seen, owner });
    expect({ status, found }).toEqual({ status: 'fail', found: `3010 is held by ${holder}` });
    expect(fix).toContain(end);
    expect(fix).toContain('ORDER_WORKER_PORT=13010 docker compose up --build --wait');
  });

  describe('that a process holds', () => {
    let server: Server;
    let port: string;
    const check = (settings: Record<string, string>, containers: object[] = [], localRun?: object) =>
      checkPorts({
        settings: (variable) => ({ LOCALSTACK_PORT: '0', ORDER_WORKER_PORT: '0', ...settings })[variable] ?? '0',
        ...{ containers: containers as never, localRun: localRun as never, project: 'orderflow' },
      });

    beforeAll(async () => {
      server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      port = String((server.address() as AddressInfo).port);
    });

    afterAll(async () => {
      await new Promise((resolve) => server.close(resolve));
    });

    it('is found with its owner, by number or as the first of a range', async () => {
      for (const range of [port, `${port}-${Number(port) + 9}`]) {
        const [api, ...others] = await check({ API_PORT: range });
        expect(api).toMatchObject({ status: 'fail', found: expect.stringContaining(`process ${process.pid}: `) });
        expect(others.every(({ status, found }) => status === 'ok' && found.endsWith('=0: any free one'))).toBe(true);
      }
    });

    it('of a service whose launcher was killed is freed by npm run local:stop', async () => {
      const settings = (variable: string) => (variable === 'API_PORT' ? port : '0');
      const leftBehind = { pids: [process.pid], end: 'npm run local:stop' };
      const [api] = await checkPorts({
        ...{ settings, leftBehind },
        ...{ containers: [], localRun: undefined, project: 'orderflow' },
      });
      expect(api).toMatchObject({ status: 'fail', fix: expect.stringMatching(/^npm run local:stop, or move/) });
    });

    it('is held by a container rather than by the proxy in front of it', async () => {
      const container = { name: 'other-1', project: 'other', service: 'web', ports: [Number(port)] };
      expect((await check({ API_PORT: port }, [container]))[0]).toMatchObject({
        found: `${port} is held by the container other-1`,
      });
    });

    it.each([
      ['127.0.0.1', 'restarting', true],
      ['127.0.0.1', 'exited', true],
      ['elsewhere', 'restarting', false],
    ])('is never freed by killing Docker’s proxy: %s %s', async (project, state, isOurs) => {
      const proxy = spawn(process.execPath, ['-e', LISTEN], { argv0: '/usr/bin/docker-proxy' });
      const [held] = (await once(proxy.stdout, 'data')) as [Buffer];
      const heldPort = Number(String(held));
      const container = {
        ...{ name: 'a-1', state, service: 'api-gateway', ports: [], wantedPorts: [[heldPort, heldPort + 9]] },
        project: project === 'elsewhere' ? 'other' : 'orderflow',
      };
      const [known] = await check({ API_PORT: String(heldPort) }, [container]);
      const [unknown] = await check({ API_PORT: String(heldPort) }, []);
      proxy.kill('SIGKILL');
      expect(known).toMatchObject(
        isOurs ? { status: 'ok' } : { status: 'fail', found: `${heldPort} is held by the container a-1` },
      );
      expect(unknown).toMatchObject({ status: 'fail', found: `${heldPort} is held by Docker, for a container` });
      expect([known?.fix, unknown?.fix].join(' ')).not.toContain('kill');
    });

    it('is fine if this system holds it, whatever the variables say', async () => {
      const container = { name: 'a-1', project: 'orderflow', service: 'api-gateway', ports: [Number(port)] };
      expect((await check({ API_PORT: '1' }, [container]))[0]).toMatchObject({ status: 'ok' });
      const urls = { API: `http://127.0.0.1:${port}/api/orders` };
      expect((await check({ API_PORT: '1' }, [], { logs: 'logs/', prefix: '', urls }))[0]).toMatchObject({
        status: 'ok',
      });
    });

    it('is refused if it is invalid', async () => {
      expect((await check({ API_PORT: 'http' }))[0]).toMatchObject({ status: 'fail', fix: 'API_PORT=3000' });
    });
  });
});

it('processes of a killed launcher are reported, with the command that ends them', () => {
  expect(checkLeftBehind({ pids: [], end: 'npm run local:stop' })).toEqual([]);
  const [check] = checkLeftBehind({ pids: [7, 8], end: 'npm run local:stop' });
  expect(check).toMatchObject({ status: 'warn', found: expect.stringContaining('2'), fix: 'npm run local:stop' });
});
