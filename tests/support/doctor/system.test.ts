import { describe, expect, it } from '@jest/globals';
import { emulatorLog, fixesOf } from '../../../tools/doctor/fixes.mjs';
import { originOf } from '../../../tools/doctor/surroundings.mjs';
import {
  checkChoice,
  checkClock,
  checkHook,
  checkSilence,
  checkWork,
  whyNotBuilt,
} from '../../../tools/doctor/system.mjs';
import { credentialsAt } from '../../../tools/local/local-run.mjs';

const compose = { kind: 'compose' as const, project: 'orderflow' };
const local = { kind: 'local' as const, logs: 'logs/', prefix: '', project: 'orderflow-local-1' };
/** Runs in a separate folder. */
const second = {
  ...{ kind: 'local' as const, logs: '/second/logs/', prefix: 'ORDERFLOW_LOCAL_DIR=/second ' },
  project: 'orderflow-local-2',
};
const system = { endpoint: 'http://127.0.0.1:4566', stage: 'local', origin: compose };

describe('the fix', () => {
  it('depends on how the system was started', () => {
    expect(fixesOf({ ...system, origin: local }).recreate).toBe(
      'npm run local:stop, then npm run local   (the data is lost)',
    );
    expect(fixesOf({ ...system, origin: second, stage: 'blue' }).deploy).toBe(
      'ORDERFLOW_LOCAL_DIR=/second npm run local:stop, ' +
        'then ORDERFLOW_LOCAL_DIR=/second STAGE=blue npm run local   (the data is lost)',
    );
    expect(fixesOf(system)).toMatchObject({
      deploy: 'docker compose exec localstack .venv/bin/python /etc/localstack/init/ready.d/10-deploy.py',
      recreate: 'docker compose restart localstack   (the data is lost)',
    });
    expect(fixesOf({ ...system, origin: { kind: 'compose', project: 'mine' } }).deploy).toMatch(
      /^docker compose -p mine exec /,
    );
    expect(fixesOf({ ...system, stage: 'blue' }).deploy).toMatch(/^docker compose exec -e STAGE=blue localstack /);
    expect(fixesOf(system).aws('events x')).toBe('docker compose exec localstack awslocal --region us-east-1 events x');
    expect(fixesOf({ ...system, origin: second }).aws('events x')).toBe(
      '(eval "$(ORDERFLOW_LOCAL_DIR=/second npm run local --silent -- --env)" && aws events x)',
    );
    expect(fixesOf({ endpoint: 'http://emulator:1', stage: 'blue', origin: { kind: 'named' } }).deploy).toMatch(
      /^STAGE=blue EMULATOR_URL=http:\/\/emulator:1 /,
    );
  });

  it('names the logs of that system', () => {
    expect(emulatorLog({ ...system, origin: second })).toBe('tail -n 20 /second/logs/emulator.log');
    expect(emulatorLog(system)).toBe('docker compose logs --tail 20 localstack');
  });

  it('is chosen by the endpoint', () => {
    const localRun = {
      logs: '/second/logs/',
      prefix: second.prefix,
      project: second.project,
      urls: { 'AWS endpoint': 'http://127.0.0.1:4999' },
    };
    const containers = [{ project: 'mine', service: 'localstack', ports: [4566] }] as never;
    expect(originOf('http://127.0.0.1:4999', localRun, containers)).toEqual(second);
    expect(originOf('http://localhost:4566', localRun, containers)).toEqual({ kind: 'compose', project: 'mine' });
    const systems = [
      { name: 'npm run local', choose: 'ORDERFLOW_LOCAL_DIR=.local', endpoint: 'http://127.0.0.1:4999' },
      { name: 'Compose project mine', choose: 'COMPOSE_PROJECT_NAME=mine', endpoint: 'http://127.0.0.1:4566' },
    ];
    const among = (endpoint: string) => originOf(endpoint, localRun, containers, systems);
    expect(among('http://127.0.0.1:4999')).toEqual({ ...second, prefix: 'ORDERFLOW_LOCAL_DIR=.local ' });
    expect(among('http://127.0.0.1:4566')).toEqual({
      ...{ kind: 'compose', project: 'mine', prefix: 'COMPOSE_PROJECT_NAME=mine ' },
    });
    expect(checkChoice(systems.slice(1))).toEqual([]);
    expect(checkChoice(systems)).toEqual([
      {
        ...{ check: 'Systems', status: 'warn', fix: 'COMPOSE_PROJECT_NAME=mine npm run doctor' },
        found:
          'npm run local (http://127.0.0.1:4999) and Compose project mine (http://127.0.0.1:4566) run; looking at the first',
      },
    ]);
    expect(originOf('http://elsewhere:4566', localRun, containers)).toEqual({ kind: 'named' });
    expect(originOf('http://127.0.0.1:4567', undefined, containers)).toEqual({ kind: 'named' });
  });
});

it.each([
  ['http://127.0.0.1:4999', {}, 'LOCALKEY'],
  ['http://localhost:4999', {}, 'LOCALKEY'],
  ['http://127.0.0.1:4998', {}, 'test'],
  ['http://elsewhere:4999', {}, 'test'],
  ['http://127.0.0.1:4999', { EMULATOR_ACCESS_KEY_ID: 'NAMED', EMULATOR_SECRET_ACCESS_KEY: 's' }, 'NAMED'],
  ['http://127.0.0.1:4999', { EMULATOR_ACCESS_KEY_ID: 'NAMED' }, 'LOCALKEY'],
  ['http://127.0.0.1:4999', { AWS_ACCESS_KEY_ID: 'AKIASHELL', AWS_SECRET_ACCESS_KEY: 's' }, 'LOCALKEY'],
  ['http://127.0.0.1:4998', { AWS_ACCESS_KEY_ID: 'AKIASHELL', AWS_SECRET_ACCESS_KEY: 's' }, 'test'],
])('asks %s, with %j set, as %s', (endpoint, env, expected) => {
  const credentials = { accessKeyId: 'LOCALKEY', secretAccessKey: 'secret' };
  const localRun = {
    ...{ logs: '', prefix: '', project: '' },
    ...{ urls: { 'AWS endpoint': 'http://127.0.0.1:4999' }, credentials },
  };
  expect(credentialsAt(endpoint, env as NodeJS.ProcessEnv, localRun).accessKeyId).toBe(expected);
});

it('a silent emulator fails the check if it was started; otherwise there is no system to check', () => {
  const silent = (origin: Parameters<typeof checkSilence>[0]['origin']) => checkSilence({ ...system, origin });
  expect(silent(local)).toMatchObject({ status: 'fail', fix: expect.stringContaining('local:stop') });
  expect(silent(compose)).toMatchObject({ status: 'fail', fix: 'docker compose logs --tail 20 localstack' });
  expect(silent({ kind: 'named' })).toEqual({
    ...{ check: 'System', status: 'skipped', found: 'none answers at http://127.0.0.1:4566' },
    fix: 'docker compose up --build --wait   (or, without Docker: npm run local)',
  });
});

describe('the hook', () => {
  const script = (state: string) => ({ stage: 'READY', name: '10-deploy.py', state });
  const answer = (body: object, status = 200) =>
    ({ status, body: JSON.stringify(body), date: null, sentAt: 0, receivedAt: 0 }) as never;

  it.each([
    [{ completed: true, scripts: [script('SUCCESSFUL')] }, 'ok', '10-deploy.py SUCCESSFUL'],
    [{ completed: false, scripts: [script('RUNNING')] }, 'fail', '10-deploy.py RUNNING; not completed'],
    [{ completed: false, scripts: [script('SUCCESSFUL')] }, 'fail', '10-deploy.py SUCCESSFUL; not completed'],
    [{ completed: true, scripts: [script('ERROR')] }, 'fail', '10-deploy.py ERROR'],
    [{ completed: true, scripts: [] }, 'fail', 'there is no script in ready.d'],
  ])('%j: %s', (body, status, found) => {
    expect(checkHook(answer(body), system)).toMatchObject({ check: 'Hook', status, found });
  });

  it('does not exist in MiniStack or outside an emulator', () => {
    expect(checkHook(answer({}, 404), system).status).toBe('skipped');
    expect(checkHook(undefined, system).status).toBe('skipped');
    const page = { status: 200, body: '<html>' } as never;
    expect(checkHook(page, system).status).toBe('skipped');
  });
});

describe('the clock', () => {
  const NOW = Date.parse('2026-11-21T12:00:00.500Z');
  const check = (date: string | null, took = 10) => checkClock({ date, sentAt: NOW - took, receivedAt: NOW });

  it.each([
    ['Sat, 21 Nov 2026 12:00:00 GMT', 'ok', 'has the time of this machine'],
    ['Sat, 21 Nov 2026 12:00:02 GMT', 'ok', 'has the time of this machine'],
    ['Sat, 21 Nov 2026 11:59:58 GMT', 'ok', 'has the time of this machine'],
    ['Sat, 21 Nov 2026 12:00:03 GMT', 'warn', '3 s ahead of this machine'],
    ['Sat, 21 Nov 2026 11:59:57 GMT', 'warn', '2 s behind this machine'],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 'warn', '3599 s behind this machine'],
  ])('%s: %s', (date, status, found) => {
    expect(check(date)).toMatchObject({ status, found: expect.stringContaining(found) });
  });

  it('tolerates slow answers and missing dates', () => {
    expect(check('Sat, 21 Nov 2026 11:59:55 GMT', 4_000).status).toBe('ok');
    expect(check(null).status).toBe('skipped');
  });
});

describe('dead letters and overdue markers', () => {
  const queue = { name: 'local-undelivered', visible: 0 };
  const table = { table: 'local-notifications', due: 0 };
  const filled = { name: 'local-order-queue-dlq', visible: 2, attention: '2 dead letters' };
  const stuck = { table: 'local-orders', due: 3, attention: '3 markers are overdue, by up to 300 s' };
  const check = (where: Parameters<typeof checkWork>[1], queues = [filled], outbox = [stuck]) =>
    checkWork({ queues: [queue, ...queues], outbox: [table, ...outbox] }, where);

  it('are ok when there are none', () => {
    expect(check(system, [], [])).toMatchObject([
      { check: 'Dead letters', status: 'ok', found: 'none' },
      { check: 'Overdue markers', status: 'ok', found: 'none' },
    ]);
  });

  it('are reported as ops status has them, with the commands for this system', () => {
    expect(check(system)).toEqual([
      {
        ...{ check: 'Dead letters', status: 'warn', found: 'local-order-queue-dlq: 2 dead letters' },
        fix: 'npm run dlq -- list',
      },
      {
        ...{ check: 'Overdue markers', status: 'warn', found: 'local-orders: 3 markers are overdue, by up to 300 s' },
        fix: 'npm run audit   (docker compose logs api-gateway shows why the sweeper cannot work)',
      },
    ]);
    const elsewhere = { endpoint: 'http://emulator:1', stage: 'blue', origin: { kind: 'named' as const } };
    expect(check(elsewhere)[0]?.fix).toBe('npm run dlq -- list --endpoint http://emulator:1 --stage blue');
    const blue = { endpoint: 'http://127.0.0.1:4999', stage: 'blue', origin: second };
    expect(check(blue)[1]?.fix).toMatch(
      /^ORDERFLOW_LOCAL_DIR=\/second npm run audit -- --stage blue .*\/second\/logs\/api-gateway\.log/,
    );
  });

  it('do not include missing queues and tables, which the comparison with the template reports', () => {
    const missing = { name: 'local-order-queue-dlq', attention: 'the queue is missing' };
    const none = check(system, [missing as typeof filled], [{ ...stuck, due: undefined } as never]);
    expect(none.map(({ found }) => found)).toEqual(['none', 'none']);
  });
});

it.each([
  [
    { stdout: 'src/a.ts(1,7): error TS2322: no\nsrc/b.ts(2): error\n', reason: 'exit code 2' },
    'src/a.ts(1,7): error TS2322: no',
  ],
  [{ stdout: '', reason: 'no answer within 60 s' }, 'no answer within 60 s'],
])('says why orderctl cannot be built: %j', (built, why) => {
  expect(whyNotBuilt({ status: 'failed', ...built })).toBe(`orderctl cannot be built: ${why}`);
});
