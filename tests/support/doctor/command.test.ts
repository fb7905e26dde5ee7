import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startOf } from '../../../tools/local/identity.mjs';
import { makeRunFolder, pidFile, readLeftBehind, readLocalRun, runFolder } from '../../../tools/local/local-run.mjs';
import { addEnvFiles, readSettings } from '../../../tools/local/settings.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const doctor = (...options: string[]) =>
  spawnSync(process.execPath, ['tools/doctor.mjs', ...options], { cwd: root, encoding: 'utf8' });

it.each([
  [['--fix'], "Unknown option '--fix'"],
  [['--endpoint', 'emulator'], 'http(s) URL'],
  [['--stage', 'No Stage'], '1 to 20'],
  [['--region', 'eu-central-1'], '--region needs --aws'],
  [['--aws', '--region', 'Frankfurt'], 'such as eu-central-1'],
])('%j ends with exit code 2 and the usage', (options, reason) => {
  const { status, stdout, stderr } = doctor(...options);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(reason);
  expect(stderr).toContain('npm run doctor -- [--json]');
});

it('--aws checks nothing of this machine but Node.js, and ignores its emulator', () => {
  const nothing = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const { status, stdout } = spawnSync(process.execPath, ['tools/doctor.mjs', '--aws', '--region', 'eu-central-1'], {
    ...{ cwd: root, encoding: 'utf8' },
    env: { PATH: process.env.PATH, ...nothing },
  });
  expect(status).toBe(1);
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    expect.stringMatching(/^✓ Node.js /),
    expect.stringMatching(/^✗ Credentials +there are no AWS credentials {2}→ aws configure sso/),
    '',
  ]);
});

it('--help shows the usage', () => {
  expect(doctor('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('[--endpoint URL]') });
});

describe('npm run local', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const urls = { 'AWS endpoint': 'http://127.0.0.1:4999' };
  const parent = { name: 'local', pid: process.pid, startedAt: startOf(process.pid) ?? '' };

  it('is found in the given folder, otherwise in the default folder', () => {
    const env = { ORDERFLOW_LOCAL_DIR: folder };
    expect(readLocalRun('/project/', env)).toBeUndefined();
    pidFile(join(folder, 'run.json')).write({ parent, children: [], urls });
    const logs = `${folder}/logs/`;
    const { project } = runFolder('/project/', env);
    expect(readLocalRun('/project/', env)).toEqual({ urls, logs, prefix: `ORDERFLOW_LOCAL_DIR=${folder} `, project });
    expect(readLocalRun('/project/', {})).toBeUndefined();
    pidFile(join(folder, '.local/run.json')).write({ parent, children: [], urls });
    expect(readLocalRun(`${folder}/`, {})).toEqual({
      ...{ urls, logs: 'logs/', prefix: '' },
      project: runFolder(`${folder}/`, {}).project,
    });
  });

  it('is not found once its process has ended', () => {
    pidFile(join(folder, 'run.json')).write({ parent: { ...parent, startedAt: 'before' }, children: [], urls });
    expect(readLocalRun('/project/', { ORDERFLOW_LOCAL_DIR: folder })).toBeUndefined();
  });

  it('leaves children that run.json identifies when it is killed', () => {
    const env = { ORDERFLOW_LOCAL_DIR: folder };
    const end = `ORDERFLOW_LOCAL_DIR=${folder} npm run local:stop`;
    expect(readLeftBehind('/project/', env)).toEqual({ pids: [], end });
    const dead = { name: 'local', pid: 2 ** 31 - 2, startedAt: 'x' };
    const child = { ...parent, name: 'api-gateway' };
    pidFile(join(folder, 'run.json')).write({ parent: dead, children: [child, dead], urls });
    expect(readLeftBehind('/project/', env)).toEqual({ pids: [process.pid], end });
    expect(readLocalRun('/project/', env)).toBeUndefined();
    pidFile(join(folder, 'run.json')).write({ parent, children: [child], urls });
    expect(readLeftBehind('/project/', env).pids).toEqual([]);
  });

  it('creates its folder for its owner only, and ignored by git', () => {
    const made = join(folder, 'made');
    makeRunFolder(made);
    expect(readFileSync(join(made, '.gitignore'), 'utf8')).toBe('*\n');
    expect(statSync(made).mode & 0o077).toBe(0);
    // An existing folder stays unchanged.
    mkdirSync(join(folder, 'there'));
    makeRunFolder(join(folder, 'there'));
    expect(readdirSync(join(folder, 'there'))).toEqual([]);
  });

  it('keeps its state and logs in one folder; a relative path is below the project', () => {
    expect(runFolder('/project/', { ORDERFLOW_LOCAL_DIR: 'second' })).toMatchObject({
      ...{ runFile: '/project/second/run.json', startLog: '/project/second/local.log' },
      ...{ logDir: '/project/second/logs/', logs: '/project/second/logs/' },
      prefix: 'ORDERFLOW_LOCAL_DIR=/project/second ',
    });
    for (const usual of [' ', '.local', '/project/.local/']) {
      expect(runFolder('/project/', { ORDERFLOW_LOCAL_DIR: usual })).toMatchObject({
        ...{ runFile: '/project/.local/run.json', startLog: '/project/.local/local.log' },
        ...{ logDir: '/project/logs/', logs: 'logs/', prefix: '' },
      });
    }
  });
});

it('each run folder has a Compose project with a valid name', () => {
  const projectOf = (root: string, folder = '') => runFolder(root, { ORDERFLOW_LOCAL_DIR: folder }).project;
  const projects = [
    ...[
      projectOf('/project/'),
      projectOf('/a copy/of it/'),
      projectOf('/project/', 'second'),
      projectOf('/Projekt/ä/'),
    ],
  ];
  expect(new Set(projects).size).toBe(4);
  for (const project of projects) expect(project).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
  expect(projectOf('/project/', '/project/.local')).toBe(projectOf('/project/'));
});

it('variables come from .env as in Compose, and the shell overrides them', () => {
  const folder = `${mkdtempSync(join(tmpdir(), 'doctor-'))}/`;
  writeFileSync(`${folder}.env`, '# ports\nAPI_PORT=13000\nLOCALSTACK_PORT="14566" # moved\nSTAGE=\n');
  const settings = readSettings(folder, { API_PORT: '23000', ORDER_WORKER_PORT: ' ' });
  expect(['API_PORT', 'LOCALSTACK_PORT', 'STAGE', 'ORDER_WORKER_PORT'].map(settings)).toEqual([
    ...['23000', '14566', undefined, undefined],
  ]);

  const env: NodeJS.ProcessEnv = { API_PORT: '23000', STAGE: '' };
  writeFileSync(
    `${folder}.env`,
    'API_PORT=13000\nLOCALSTACK_PORT=0\nSTAGE=blue\nLOG_LEVEL=debug\nNODE_OPTIONS=--inspect\n',
  );
  addEnvFiles(folder, env);
  expect(env).toEqual({ API_PORT: '23000', STAGE: '', LOCALSTACK_PORT: '0', LOG_LEVEL: 'debug' });

  writeFileSync(`${folder}other`, 'API_PORT=33000\n');
  expect(readSettings(folder, { COMPOSE_ENV_FILES: '.env,other' })('API_PORT')).toBe('33000');
  expect(readSettings(folder, { COMPOSE_ENV_FILES: '/dev/null' })('API_PORT')).toBeUndefined();
  expect(readSettings(folder, { COMPOSE_DISABLE_ENV_FILE: 'true' })('API_PORT')).toBeUndefined();
  rmSync(folder, { recursive: true });
});
