import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pidFile } from '../../tools/local/local-run.mjs';
import { listSystems, meantByShell } from '../../tools/local/find-system.mjs';
import { startOf } from '../../tools/local/identity.mjs';

let root: string;

beforeEach(() => {
  root = `${mkdtempSync(join(tmpdir(), 'orderflow-find-'))}/`;
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

type Containers = Parameters<typeof listSystems>[2];

/** A project's containers, as Docker reports them. */
const project = (name: string, api: number | undefined, emulator: number | undefined, more: object = {}): Containers =>
  [['api-gateway', api] as const, ['localstack', emulator] as const, ['order-worker', 3010] as const].map(
    ([service, port]) => ({
      ...{ name: `${name}-${service}-1`, state: 'running', status: 'Up', ports: port === undefined ? [] : [port] },
      ...{ project: name, service, folder: '/elsewhere', ...more },
    }),
  );

/** Records this process as a local run. */
function startLocal(folder: string, urls: Record<string, string>): void {
  const parent = { name: 'local', pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  pidFile(`${folder}/run.json`).write({ parent, children: [], urls });
}
const LOCAL = { API: 'http://127.0.0.1:13000/api/orders', 'AWS endpoint': 'http://127.0.0.1:14566' };
const namesOf = (systems: { name: string }[]) => systems.map(({ name }) => name);

describe('systems that run here', () => {
  it('are found on any ports', () => {
    startLocal(`${root}.local`, LOCAL);
    expect(listSystems(root, {}, project('orderflow', 32768, 32769))).toEqual([
      {
        ...{ name: 'npm run local', choose: 'ORDERFLOW_LOCAL_DIR=.local' },
        ...{ api: 'http://127.0.0.1:13000', endpoint: 'http://127.0.0.1:14566' },
      },
      {
        ...{ name: 'Compose project orderflow', project: 'orderflow', choose: 'COMPOSE_PROJECT_NAME=orderflow' },
        ...{ api: 'http://127.0.0.1:32768', endpoint: 'http://127.0.0.1:32769' },
      },
    ]);
  });

  it('are those of this folder and its Compose project', () => {
    const here = { folder: root };
    const containers = [
      ...project('orderflow', 1, 2),
      ...project('beside', 3, 4, here),
      ...project('elsewhere', 5, 6),
      ...project('orderflow-test-1', 7, 8, { ...here, testRun: 'host/1' }),
      // The emulator of a local run in any folder.
      ...project('orderflow-local', undefined, 9, here),
      ...project('stopped', 10, 11, { ...here, state: 'exited' }),
      ...project('headless', undefined, undefined, here),
    ];
    expect(namesOf(listSystems(root, {}, containers))).toEqual(['Compose project orderflow', 'Compose project beside']);
    for (const name of ['orderflow', 'beside', 'elsewhere', 'orderflow-test-1']) {
      const named = listSystems(root, { COMPOSE_PROJECT_NAME: name }, containers);
      expect(namesOf(named)).toEqual([`Compose project ${name}`]);
    }
    writeFileSync(`${root}.env`, 'COMPOSE_PROJECT_NAME=elsewhere\n');
    expect(namesOf(listSystems(root, {}, containers))).toEqual(['Compose project elsewhere']);
  });

  it('are not found while they start or after they have ended', () => {
    startLocal(`${root}.local`, {});
    expect(listSystems(root, {}, [])).toEqual([]);
    const parent = { name: 'local', pid: process.pid, startedAt: 'before' };
    pidFile(`${root}.local/run.json`).write({ parent, children: [], urls: LOCAL });
    expect(listSystems(root, {}, [])).toEqual([]);
  });

  it.each<[NodeJS.ProcessEnv, string[]]>([
    [{}, ['npm run local', 'Compose project orderflow', 'Compose project beside']],
    [{ ORDERFLOW_LOCAL_DIR: '.local' }, ['npm run local']],
    [{ ORDERFLOW_LOCAL_DIR: 'second' }, ['npm run local']],
    [{ COMPOSE_PROJECT_NAME: 'beside' }, ['Compose project beside']],
    [{ API_PORT: '13000' }, ['npm run local']],
    [{ API_PORT: '1' }, ['Compose project orderflow']],
    [{ LOCALSTACK_PORT: '4' }, ['Compose project beside']],
    [{ API_PORT: '0', LOCALSTACK_PORT: ' ' }, ['npm run local', 'Compose project orderflow', 'Compose project beside']],
    [{ API_PORT: '3010-3019' }, ['npm run local', 'Compose project orderflow', 'Compose project beside']],
  ])('are chosen with %j', (env, expected) => {
    for (const folder of ['.local', 'second']) startLocal(`${root}${folder}`, LOCAL);
    const containers = [...project('orderflow', 1, 2), ...project('beside', 3, 4, { folder: root })];
    expect(namesOf(meantByShell(listSystems(root, env, containers), env))).toEqual(expected);
  });
});
