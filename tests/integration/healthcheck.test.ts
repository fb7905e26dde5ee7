import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StartedLocalStackContainer } from '@testcontainers/localstack';
import { Wait } from 'testcontainers';
import { eventually } from '@orderflow/testing/eventually';
import { createLocalStackContainer } from '../support/localstack.js';

const PREDICATE = fileURLToPath(new URL('../../localstack-init/healthcheck.sh', import.meta.url));
const INIT = '/etc/localstack/init';
/** Path of the health check in a container without the init folder. */
const ELSEWHERE = '/tmp/healthcheck.sh';
/** The test creates these files to let LocalStack start, and then its hook continue. */
const START = '/tmp/start';
const GO_ON = '/tmp/go-on';

type Script = { content: string; mode: number };
const shell = (content: string, mode = 0o755): Script => ({ content: `#!/bin/sh\n${content}\n`, mode });
const python = (content: string): Script => ({ content: `${content}\n`, mode: 0o644 });
/** A shell in a container must poll; the test itself never sleeps. */
const waitsFor = (file: string) => shell(`until [ -e ${file} ]; do sleep 0.1; done`);
const SUCCEEDS = shell('exit 0');
const FAILS = shell('exit 1');

/** The init folder of each LocalStack, by path. */
const FOLDERS = {
  // LocalStack reads Python scripts itself; they need no executable bit.
  waiting: {
    'boot.d/10-waits.sh': waitsFor(START),
    'ready.d/10-waits.sh': waitsFor(GO_ON),
    'ready.d/20-succeeds.py': python('pass'),
  },
  failing: { 'ready.d/10-fails.sh': FAILS },
  'failing between others': {
    'ready.d/10-succeeds.sh': SUCCEEDS,
    'ready.d/20-fails.sh': FAILS,
    'ready.d/30-succeeds.sh': SUCCEEDS,
  },
  'not executable': { 'ready.d/10-succeeds.sh': shell('exit 0', 0o644) },
  // LocalStack never learns that the hook has ended.
  'one that exits': { 'ready.d/10-succeeds.sh': SUCCEEDS, 'ready.d/20-exits.py': python('raise SystemExit(1)') },
  'not there': {},
  'without a folder': undefined,
} satisfies Record<string, Record<string, Script> | undefined>;
type Folder = keyof typeof FOLDERS;

/** Docker sets these in every container if config.json has `proxies`. Nothing listens there. */
const PROXIES = Object.fromEntries(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) =>
    [name, name.toLowerCase()].map((spelt) => [spelt, 'http://127.0.0.1:1']),
  ),
);

async function start(folder: Folder): Promise<StartedLocalStackContainer> {
  const scripts: Record<string, Script> | undefined = FOLDERS[folder];
  return createLocalStackContainer()
    .withEnvironment({ SERVICES: 'sqs', EAGER_SERVICE_LOADING: '0', ...PROXIES })
    .withCopyFilesToContainer([{ source: PREDICATE, target: scripts ? `${INIT}/healthcheck.sh` : ELSEWHERE }])
    .withCopyContentToContainer(
      Object.entries(scripts ?? {}).map(([path, script]) => ({ target: `${INIT}/${path}`, ...script })),
    )
    .withWaitStrategy(Wait.forSuccessfulCommand('true'))
    .start();
}

/** Runs the health check as Docker does. */
async function check(container: StartedLocalStackContainer, predicate = `${INIT}/healthcheck.sh`) {
  const { exitCode, output } = await container.exec(['sh', predicate]);
  return { exitCode, output };
}

/** Waits until LocalStack reports these script states, and returns its answer. */
async function hookIs(container: StartedLocalStackContainer, completed: boolean, ...states: string[]): Promise<string> {
  return eventually(
    async () => {
      const response = await fetch(`${container.getConnectionUri()}/_localstack/init/ready`);
      const text = await response.text();
      const hook = JSON.parse(text) as { completed: boolean; scripts: { state: string }[] };
      const seen = JSON.stringify(hook.scripts.map(({ state }) => state));
      if (hook.completed === completed && seen === JSON.stringify(states)) return text;
      throw new Error(`LocalStack answers ${text}`);
    },
    `${completed ? 'completed' : 'not completed'} with ${JSON.stringify(states)}`,
    90_000,
  );
}

describe('the health check of LocalStack', () => {
  const containers = {} as Record<Folder, StartedLocalStackContainer>;

  beforeAll(async () => {
    await Promise.all(
      (Object.keys(FOLDERS) as Folder[]).map(async (folder) => {
        containers[folder] = await start(folder);
      }),
    );
  }, 120_000);

  afterAll(async () => {
    await Promise.all(Object.values(containers).map((container) => container.stop()));
  }, 60_000);

  it('fails until the hook has ended', async () => {
    const container = containers.waiting;
    expect(await check(container)).toEqual({ exitCode: 1, output: expect.stringContaining('connect') });

    await container.exec(['touch', START]);
    const running = await hookIs(container, false, 'RUNNING', 'UNKNOWN');
    expect(await check(container)).toEqual({ exitCode: 1, output: `${running}\n` });

    await container.exec(['touch', GO_ON]);
    await hookIs(container, true, 'SUCCESSFUL', 'SUCCESSFUL');
    expect(await check(container)).toEqual({ exitCode: 0, output: '' });
  }, 120_000);

  it.each<[Folder, string[]]>([
    ['failing', ['ERROR']],
    ['failing between others', ['SUCCESSFUL', 'ERROR', 'SUCCESSFUL']],
    ['not executable', ['ERROR']],
    ['one that exits', ['SUCCESSFUL', 'RUNNING']],
    ['not there', []],
  ])(
    "fails and shows the hook's state when the hook is %s",
    async (folder, states) => {
      const answer = await hookIs(containers[folder], true, ...states);
      expect(await check(containers[folder])).toEqual({ exitCode: 1, output: `${answer}\n` });
    },
    120_000,
  );

  it('fails without the init folder', async () => {
    const container = containers['without a folder'];
    const answer = await hookIs(container, true);
    expect(await check(container)).toMatchObject({ exitCode: 2, output: expect.stringContaining('healthcheck.sh') });
    expect(await check(container, ELSEWHERE)).toEqual({ exitCode: 1, output: `${answer}\n` });
  }, 120_000);
});
