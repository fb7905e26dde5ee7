import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { report, toText } from '../../../tools/doctor/check.mjs';
import {
  checkCompose,
  checkDockerCli,
  checkEngine,
  checkFiles,
  checkImage,
  needEither,
  readConfig,
  readContainers,
  readWantedPorts,
} from '../../../tools/doctor/docker.mjs';
import {
  checkDependencies,
  checkMemory,
  checkNodeVersion,
  checkNpm,
  checkPython,
} from '../../../tools/doctor/machine.mjs';
import { checkPorts, checkLeftBehind, checkPort } from '../../../tools/doctor/ports.mjs';
import { stateOfDependencies } from '../../../tools/local/requirements.mjs';

const answered = (stdout: string) => ({ status: 'ok' as const, stdout, reason: '' });
const failed = (reason: string, stdout = '') => ({ status: 'failed' as const, stdout, reason });
const missing = (command: string) => ({ status: 'missing' as const, stdout: '', reason: `${command} is not in PATH` });
const GIB = 1024 ** 3;

describe('versions', () => {
  it.each([
    ['20.18.3', 'fail'],
    ['18.20.8', 'fail'],
    ['20.19.0', 'ok'],
    ['24.0.0', 'ok'],
  ])('Node.js %s: %s', (version, status) => {
    expect(checkNodeVersion(version)).toMatchObject({ status, found: expect.stringContaining(version) });
  });

  it('npm is there, or comes with Node.js', () => {
    expect(checkNpm(answered('11.1.0'))).toEqual({ check: 'npm', status: 'ok', found: '11.1.0' });
    expect(checkNpm(missing('npm'))).toMatchObject({ status: 'fail', found: 'npm is not in PATH' });
  });

  it.each([
    [[answered('3.10.0 venv'), missing('python')], 'ok', '3.10.0 with venv'],
    [[answered('3.9.2 venv'), answered('3.12.1 venv')], 'ok', '3.12.1 with venv'],
    [[answered('3.11.7 None'), missing('python')], 'warn', '3.11.7 without its venv module'],
    [[answered('3.9.2 venv'), missing('python')], 'warn', '3.9.2, older than 3.10'],
    [[missing('python3'), missing('python')], 'warn', 'none in PATH'],
    [[failed('no answer within 4 s'), missing('python')], 'warn', 'it does not run: no answer within 4 s'],
  ])('Python %j: %s', (answers, status, found) => {
    expect(checkPython(answers)).toMatchObject({ status, found: expect.stringContaining(found) });
  });

  it('Docker may be missing, and then nothing is said of the rest of it', () => {
    expect(checkDockerCli(answered('Docker version 28.2.2, build e6534b4'))).toMatchObject({ found: '28.2.2' });
    expect(checkDockerCli(missing('docker'))).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('without Docker: npm run local'),
    });
    expect([...checkEngine(missing('docker')), ...checkCompose(missing('docker'))]).toEqual([]);
  });

  it('the daemon answers, is recent and has memory', () => {
    expect(checkEngine(answered(`25.0.3 ${8 * GIB}`))).toEqual([
      { check: 'Docker daemon', status: 'ok', found: 'answers' },
      { check: 'Docker Engine', status: 'ok', found: '25.0.3' },
      { check: 'Memory of Docker', status: 'ok', found: '8.0 GiB' },
    ]);
    expect(checkEngine(answered(`24.0.9 ${2 * GIB}`)).map(({ status }) => status)).toEqual(['ok', 'fail', 'warn']);
  });

  it.each([
    ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock.', /start/],
    ['permission denied while trying to connect to the Docker daemon socket', /usermod -aG docker/],
  ])('the daemon does not answer: %s', (reason, fix) => {
    expect(checkEngine(failed(reason, ' 0'))).toEqual([
      { check: 'Docker daemon', status: 'fail', found: reason, fix: expect.stringMatching(fix) },
    ]);
  });

  it('another daemon that was asked for does not answer', () => {
    expect(checkEngine(failed('no answer within 4 s'), 'tcp://elsewhere:2375')).toMatchObject([
      { found: 'no answer within 4 s', fix: 'unset DOCKER_HOST   (it is tcp://elsewhere:2375)' },
    ]);
  });

  it.each([
    [answered('v2.24.4'), 'ok'],
    [answered('2.26.1-4'), 'ok'],
    [answered('2.24.3'), 'fail'],
    [failed("docker: 'compose' is not a docker command."), 'fail'],
  ])('Compose %j: %s', (answer, status) => {
    expect(checkCompose(answer)).toMatchObject([{ check: 'Compose', status }]);
  });
});

describe('Docker and Python', () => {
  const python = { check: 'Python', status: 'ok' as const, found: '3.12.1 with venv' };
  const noPython = checkPython([missing('python3')]);
  const noDocker = [checkDockerCli(missing('docker'))];
  const docker = [checkDockerCli(answered('Docker version 28.2.2'))];
  const statuses = (checks: { status: string }[]) => checks.map(({ status }) => status);

  it('one of them is enough', () => {
    expect(statuses(needEither(python, docker))).toEqual(['ok', 'ok']);
    expect(statuses(needEither(noPython, docker))).toEqual(['warn', 'ok']);
    expect(statuses(needEither(python, noDocker))).toEqual(['ok', 'warn']);
    expect(statuses(needEither(noPython, noDocker))).toEqual(['fail', 'fail']);
  });
});

it('memory is enough from 4 GiB', () => {
  expect(checkMemory('Memory', 4 * GIB, 'more')).toMatchObject({ status: 'ok', found: '4.0 GiB' });
  expect(checkMemory('Memory', 3.8 * GIB, 'more')).toMatchObject({ status: 'warn', fix: 'more' });
});

describe('dependencies', () => {
  const packages = {
    '': { name: 'project' },
    contracts: { name: '@orderflow/contracts' },
    'node_modules/@orderflow/contracts': { resolved: 'contracts', link: true },
    'node_modules/jest': { version: '30.5.2', dev: true },
    'node_modules/jest/node_modules/semver': { version: '7.7.1', dev: true },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  };
  let root = '';
  const path = (name: string) => `${root}node_modules/${name}`;
  const install = (name: string, version: string) => {
    mkdirSync(path(name), { recursive: true });
    writeFileSync(`${path(name)}/package.json`, JSON.stringify({ version }));
  };

  beforeEach(() => {
    root = `${mkdtempSync(join(tmpdir(), 'dependencies-'))}/`;
    writeFileSync(`${root}package-lock.json`, JSON.stringify({ packages }));
    mkdirSync(`${root}contracts`);
    mkdirSync(path('@orderflow'), { recursive: true });
    symlinkSync('../../contracts', path('@orderflow/contracts'));
    install('jest', '30.5.2');
    install('jest/node_modules/semver', '7.7.1');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('are up to date when all are there, whenever they were installed', () => {
    utimesSync(path('jest'), 0, 0);
    expect(stateOfDependencies(root)).toBe('up to date');
    expect(checkDependencies('up to date').status).toBe('ok');
  });

  it.each<[string, () => void, string]>([
    [
      'nothing',
      () => {
        rmSync(path(''), { recursive: true });
      },
      'missing',
    ],
    [
      'all but a development dependency',
      () => {
        rmSync(path('jest'), { recursive: true });
      },
      'jest is missing, and 1 more',
    ],
    [
      'a package without its files',
      () => {
        rmSync(`${path('jest')}/package.json`);
      },
      'jest is missing',
    ],
    [
      'a nested package too few',
      () => {
        rmSync(path('jest/node_modules'), { recursive: true });
      },
      'semver is missing',
    ],
    [
      'another version',
      () => {
        install('jest', '29.0.0');
      },
      'jest is 29.0.0, not 30.5.2',
    ],
    [
      'another version of an optional package',
      () => {
        install('other-platform', '2.0.0');
      },
      'is 2.0.0, not 1.0.0',
    ],
    [
      'an optional package without its files',
      () => {
        mkdirSync(path('other-platform'));
      },
      'other-platform is missing',
    ],
    [
      'a broken link',
      () => {
        rmSync(`${root}contracts`, { recursive: true });
      },
      '@orderflow/contracts is missing',
    ],
    [
      'a link to another checkout',
      () => {
        rmSync(path('@orderflow/contracts'));
        symlinkSync(tmpdir(), path('@orderflow/contracts'));
      },
      '@orderflow/contracts links elsewhere',
    ],
    [
      'a copy in place of a link',
      () => {
        rmSync(path('@orderflow/contracts'));
        install('@orderflow/contracts', '0.1.0');
      },
      '@orderflow/contracts links elsewhere',
    ],
    [
      'a file that is cut off',
      () => {
        writeFileSync(`${path('jest')}/package.json`, '{"version"');
      },
      'jest is missing',
    ],
  ])('are not up to date with %s', (_what, spoil, found) => {
    spoil();
    const state = stateOfDependencies(root);
    expect(state).toContain(found);
    expect(checkDependencies(state)).toMatchObject({ status: 'warn', fix: 'npm ci --include=dev' });
  });
});

it('files that Compose cannot read are named', () => {
  expect(checkFiles(answered('{}'))).toEqual([]);
  expect(checkFiles(failed('yaml: line 3: did not find expected key'))).toMatchObject([
    { check: 'Compose files', status: 'fail', found: 'yaml: line 3: did not find expected key' },
  ]);
});

describe('the LocalStack image', () => {
  it.each([
    ['localstack/localstack:4.14.0', 'ok'],
    ['localstack/localstack:3', 'ok'],
    ['registry.example:5000/localstack:4.14.0-arm64', 'ok'],
    [`localstack/localstack@sha256:${'0'.repeat(64)}`, 'ok'],
    ['localstack/localstack', 'fail'],
    ['localstack/localstack:latest', 'fail'],
    ['localstack/localstack:stable', 'fail'],
    ['localstack/localstack:2026.03.0', 'fail'],
    ['docker.io/localstack/localstack-pro:4.14.0', 'fail'],
  ])('%s: %s', (image, status) => {
    expect(checkImage({ project: 'orderflow', image, hasToken: false }).status).toBe(status);
  });

  it('may need an account where there is one', () => {
    expect(checkImage({ project: '', image: 'localstack/localstack:latest', hasToken: true }).status).toBe('ok');
  });

  it('is what Compose makes of all its files, or, without Compose, what compose.yaml says', () => {
    const services = {
      localstack: { image: 'localstack/localstack:latest', environment: { LOCALSTACK_AUTH_TOKEN: 'a-secret' } },
    };
    expect(readConfig(answered(JSON.stringify({ name: 'mine', services })), '')).toEqual({
      ...{ project: 'mine', image: 'localstack/localstack:latest', hasToken: true },
    });
    const file = 'name: orderflow\nservices:\n  localstack:\n    image: &anchor localstack/localstack:4.14.0\n';
    expect(readConfig(missing('docker'), file)).toEqual({
      ...{ project: 'orderflow', image: 'localstack/localstack:4.14.0', hasToken: false },
    });
  });
});

describe('containers', () => {
  const line = (change: object) =>
    JSON.stringify({ Names: 'a-1', State: 'running', Status: 'Up 1 second', Ports: '', Labels: '', ...change });

  it('are read with their ports and what Compose says of them', () => {
    const Labels = [
      'com.docker.compose.project=orderflow',
      'com.docker.compose.project.working_dir=/home/me/orderflow',
      'com.docker.compose.service=localstack',
    ].join(',');
    const Ports = '4510-4559/tcp, 127.0.0.1:4566->4566/tcp, 0.0.0.0:80-81->80-81/tcp, [::]:80-81->80-81/tcp';
    expect(readContainers(answered(`${line({ Labels, Ports })}\n${line({ Names: 'b-1' })}`))).toEqual([
      {
        ...{ name: 'a-1', state: 'running', status: 'Up 1 second', ports: [4566, 80, 81] },
        ...{ project: 'orderflow', service: 'localstack', folder: '/home/me/orderflow' },
      },
      { name: 'b-1', state: 'running', status: 'Up 1 second', ports: [], project: '', service: '', folder: '' },
    ]);
  });

  it('are read with the ports that they ask for, whether or not they run', () => {
    const bindings = { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '3010-3019' }], '1/tcp': [{ HostPort: '' }] };
    const lines = [`/a-1 ${JSON.stringify(bindings)}`, '/b-1 {}', '/c-1 null', '/d-1 {"80/tcp":[{"HostPort":"80"}]}'];
    expect([...readWantedPorts(answered(lines.join('\n')))]).toEqual([
      ['a-1', [[3010, 3019]]],
      ['b-1', []],
      ['c-1', []],
      ['d-1', [[80, 80]]],
    ]);
  });

  it('are none where Docker does not answer', () => {
    expect(readContainers(failed('no daemon'))).toEqual([]);
  });
});

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

  describe('with somebody on it', () => {
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
    ])('is never to be freed by a kill of Docker’s proxy: %s %s', async (project, state, isOurs) => {
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

    it('is fine when the system has it, whatever the variables say', async () => {
      const container = { name: 'a-1', project: 'orderflow', service: 'api-gateway', ports: [Number(port)] };
      expect((await check({ API_PORT: '1' }, [container]))[0]).toMatchObject({ status: 'ok' });
      const urls = { API: `http://127.0.0.1:${port}/api/orders` };
      expect((await check({ API_PORT: '1' }, [], { logs: 'logs/', prefix: '', urls }))[0]).toMatchObject({
        status: 'ok',
      });
    });

    it('is refused when it is none', async () => {
      expect((await check({ API_PORT: 'http' }))[0]).toMatchObject({ status: 'fail', fix: 'API_PORT=3000' });
    });
  });
});

describe('the report', () => {
  const checks = [
    { check: 'npm', status: 'ok' as const, found: '11.1.0' },
    { check: 'Docker', status: 'fail' as const, found: 'two\n  lines', fix: 'install it' },
    { check: 'Python', status: 'warn' as const, found: 'none', fix: 'install that' },
    { check: 'System', status: 'skipped' as const, found: 'none' },
  ];

  it('has a line for each check, and one for all', () => {
    expect(toText(checks)).toBe(
      [
        '✓ npm     11.1.0',
        '✗ Docker  two lines  → install it',
        '! Python  none  → install that',
        '- System  none',
        '',
        '1 ok, 1 to look at, 1 failed, 1 skipped',
        '',
      ].join('\n'),
    );
  });

  it('is not ok when something failed, and only then', () => {
    expect(report(checks).ok).toBe(false);
    expect(report(checks.filter(({ status }) => status !== 'fail')).ok).toBe(true);
  });
});

it('processes of a launcher that was killed are told of, with what ends them', () => {
  expect(checkLeftBehind({ pids: [], end: 'npm run local:stop' })).toEqual([]);
  const [check] = checkLeftBehind({ pids: [7, 8], end: 'npm run local:stop' });
  expect(check).toMatchObject({ status: 'warn', found: expect.stringContaining('2'), fix: 'npm run local:stop' });
});
