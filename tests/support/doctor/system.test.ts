import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as yaml from 'yaml';
import { judgeDrift, judgeTopology } from '../../../tools/doctor/drift.mjs';
import { fixesOf } from '../../../tools/doctor/fixes.mjs';
import { judgeContainers, judgeReadiness } from '../../../tools/doctor/services.mjs';
import { readStack } from '../../../tools/doctor/stack.mjs';
import { originOf } from '../../../tools/doctor/surroundings.mjs';
import { judgeClock, judgeDeadLetters, judgeHook, judgeMarkers, judgeSilence } from '../../../tools/doctor/system.mjs';
import { canonical, readTemplate } from '../../../tools/doctor/template.mjs';

const template = readFileSync(new URL('../../../infrastructure/template.yaml', import.meta.url), 'utf8');
const deployment = { parameters: { Stage: 'blue' }, region: 'eu-west-1', account: '123456789012' };
const arn = (queue: string) => `arn:aws:sqs:eu-west-1:123456789012:${queue}`;
const fixes = { deploy: 'deploy', recreate: 'recreate' };
const compose = { kind: 'compose' as const, project: 'orderflow' };
const system = { endpoint: 'http://127.0.0.1:4566', stage: 'local', origin: compose };

describe('the template', () => {
  it('is read with the parameters of the stack', () => {
    const { topology, deadLetterQueues } = readTemplate(template, deployment, yaml);
    expect(topology.Tables['blue-notifications']).toEqual({
      key: 'notificationId HASH S',
      'index outbox': 'outboxShard HASH N, outboxAt RANGE N, KEYS_ONLY',
      'index by-order': 'orderId HASH S, createdAtId RANGE S, KEYS_ONLY',
    });
    expect(topology.Queues['blue-order-queue']).toEqual({
      VisibilityTimeout: '30',
      MessageRetentionPeriod: '345600',
      RedrivePolicy: canonical({ maxReceiveCount: '20', deadLetterTargetArn: arn('blue-order-queue-dlq') }),
    });
    expect(topology.Bus).toEqual({ 'blue-orders': {} });
    expect(topology.Rules['blue-order-created']).toEqual({
      State: 'ENABLED',
      EventPattern: '{"detail-type":["OrderCreated"],"source":["orderflow.api-gateway"]}',
    });
    expect(topology.Targets['blue-order-outcomes/notification-queue']).toEqual({
      Arn: arn('blue-notification-queue'),
      'DeadLetterConfig.Arn': arn('blue-undelivered'),
    });
    expect(deadLetterQueues).toEqual(['blue-order-queue-dlq', 'blue-notification-queue-dlq', 'blue-undelivered']);
  });

  it('has no rule whose condition the parameters do not meet, and other values by them', () => {
    const parameters = { Stage: 'blue', NotifyOnOrderOutcome: 'false', VisibilityTimeoutSeconds: '6' };
    const { topology } = readTemplate(template, { ...deployment, parameters }, yaml);
    expect(Object.keys(topology.Rules)).toEqual(['blue-order-created', 'blue-notification-requested']);
    expect(topology.Queues['blue-order-queue']?.VisibilityTimeout).toBe('6');
  });
});

it('the stack is read from what CloudFormation answers', () => {
  const member = (key: string, value: string) =>
    `<member><ParameterKey>${key}</ParameterKey><ParameterValue>${value}</ParameterValue></member>`;
  const description = `<StackId>arn:aws:cloudformation:eu-west-1:123456789012:stack/a/b</StackId>
    <StackStatus>UPDATE_COMPLETE</StackStatus><Parameters>${member('Stage', 'blue')}${member('Empty', '')}</Parameters>`;
  expect(readStack(description, '<TemplateBody>a: &#x27;&lt;&#39;\n&amp;amp;</TemplateBody>')).toEqual({
    status: 'UPDATE_COMPLETE',
    template: "a: '<'\n&amp;",
    parameters: { Stage: 'blue', Empty: '' },
    ...{ region: 'eu-west-1', account: '123456789012' },
  });
});

describe('drift', () => {
  const { topology: wanted } = readTemplate(template, deployment, yaml);
  type Topology = typeof wanted;
  /** The topology with changes. */
  const changed = (change: (topology: Topology) => void) => {
    const copy = structuredClone(wanted);
    change(copy);
    return copy;
  };
  const judge = (actual: Topology, deployed = wanted) => judgeTopology({ wanted, deployed, actual }, fixes);
  const wrong = (checks: ReturnType<typeof judge>) => checks.filter(({ status }) => status !== 'ok');

  it('is none when all is as in the template', () => {
    expect(judge(wanted).map(({ check, status, found }) => [check, status, found])).toEqual([
      ['Tables', 'ok', '2 as in the template'],
      ['Queues', 'ok', '5 as in the template'],
      ['Bus', 'ok', '1 as in the template'],
      ['Rules', 'ok', '3 as in the template'],
      ['Targets', 'ok', '3 as in the template'],
    ]);
  });

  it.each<[string, (topology: Topology) => void, string, string]>([
    [
      'an index',
      ({ Tables }) => delete Tables['blue-orders']!['index by-time'],
      'Tables',
      'blue-orders: index by-time is not set, not listBucket HASH S, createdAtId RANGE S, KEYS_ONLY',
    ],
    [
      'a key',
      ({ Tables }) => (Tables['blue-orders']!.key = 'id HASH S'),
      'Tables',
      'key is id HASH S, not orderId HASH S',
    ],
    ['a queue', ({ Queues }) => delete Queues['blue-undelivered'], 'Queues', 'blue-undelivered is missing'],
    [
      'an attribute',
      ({ Queues }) => (Queues['blue-order-queue']!.VisibilityTimeout = '7'),
      'Queues',
      'blue-order-queue: VisibilityTimeout is 7, not 30',
    ],
    ['the bus', ({ Bus }) => delete Bus['blue-orders'], 'Bus', 'blue-orders is missing'],
    [
      'a state',
      ({ Rules }) => (Rules['blue-order-created']!.State = 'DISABLED'),
      'Rules',
      'blue-order-created: State is DISABLED, not ENABLED',
    ],
    [
      'a target',
      ({ Targets }) => delete Targets['blue-order-created/order-queue'],
      'Targets',
      'blue-order-created/order-queue is missing',
    ],
    [
      'where events go that cannot be delivered',
      ({ Targets }) => delete Targets['blue-order-created/order-queue']!['DeadLetterConfig.Arn'],
      'Targets',
      `DeadLetterConfig.Arn is not set, not ${arn('blue-undelivered')}`,
    ],
    ['a rule too many', ({ Rules }) => (Rules.mine = {}), 'Rules', 'mine is not in the template'],
  ])('is %s, which only a new emulator mends when it was changed by hand', (_what, change, check, found) => {
    expect(wrong(judge(changed(change)))).toEqual([
      { check, status: 'fail', found: expect.stringContaining(found), fix: 'recreate' },
    ]);
  });

  it('says of a missing rule nothing more in its targets', () => {
    const actual = changed(({ Rules, Targets }) => {
      delete Rules['blue-order-created'];
      delete Targets['blue-order-created/order-queue'];
    });
    expect(wrong(judge(actual)).map(({ check }) => check)).toEqual(['Rules']);
  });

  it('is mended by deploying when the template has changed since, where the emulator can make the change', () => {
    const shorter = changed(({ Queues }) => (Queues['blue-order-queue']!.VisibilityTimeout = '7'));
    expect(judgeDrift('Queues', { wanted, deployed: shorter, actual: shorter }, fixes).fix).toBe('deploy');
    const without = changed(({ Rules }) => delete Rules['blue-order-created']);
    expect(judgeDrift('Rules', { wanted, deployed: without, actual: without }, fixes).fix).toBe('deploy');
    const other = changed(({ Rules }) => (Rules['blue-order-created']!.EventPattern = '{}'));
    expect(judgeDrift('Rules', { wanted, deployed: other, actual: other }, fixes).fix).toBe('recreate');
    const both = changed(({ Queues }) => {
      Queues['blue-order-queue']!.VisibilityTimeout = '7';
      delete Queues['blue-undelivered'];
    });
    expect(judgeDrift('Queues', { wanted, deployed: shorter, actual: both }, fixes).fix).toBe('recreate');
  });
});

describe('the fix', () => {
  it('is for the way in which the system was started', () => {
    expect(fixesOf({ ...system, origin: { kind: 'local' } }).recreate).toContain('npm run local:stop');
    expect(fixesOf(system)).toEqual({
      deploy: 'docker compose exec localstack .venv/bin/python /etc/localstack/init/ready.d/10-deploy.py',
      recreate: 'docker compose up -d --force-recreate --wait localstack   (the data is lost)',
    });
    expect(fixesOf({ ...system, origin: { kind: 'compose', project: 'mine' } }).deploy).toMatch(
      /^docker compose -p mine exec /,
    );
    expect(fixesOf({ ...system, stage: 'blue' })).toEqual({
      deploy: expect.stringMatching(/^docker compose exec -e STAGE=blue localstack /),
      recreate: expect.stringMatching(/^STAGE=blue docker compose up /),
    });
    expect(fixesOf({ endpoint: 'http://emulator:1', stage: 'blue', origin: { kind: 'named' } }).deploy).toMatch(
      /^STAGE=blue EMULATOR_URL=http:\/\/emulator:1 /,
    );
  });

  it('knows that way by the endpoint', () => {
    const localRun = { pids: [], urls: { 'AWS endpoint': 'http://127.0.0.1:4999' } };
    const containers = [{ project: 'mine', service: 'localstack', ports: [4566] }] as never;
    expect(originOf('http://127.0.0.1:4999', localRun, containers)).toEqual({ kind: 'local' });
    expect(originOf('http://localhost:4566', localRun, containers)).toEqual({ kind: 'compose', project: 'mine' });
    expect(originOf('http://elsewhere:4566', localRun, containers)).toEqual({ kind: 'named' });
    expect(originOf('http://127.0.0.1:4567', undefined, containers)).toEqual({ kind: 'named' });
  });
});

it('an emulator that does not answer is a failure when it was started, and else there is no system', () => {
  const silent = (origin: Parameters<typeof judgeSilence>[0]['origin']) => judgeSilence({ ...system, origin });
  expect(silent({ kind: 'local' })).toMatchObject({ status: 'fail', fix: expect.stringContaining('local:stop') });
  expect(silent(compose)).toMatchObject({ status: 'fail', fix: 'docker compose logs --tail 20 localstack' });
  expect(silent({ kind: 'named' })).toEqual({
    ...{ check: 'System', status: 'skipped', found: 'none answers at http://127.0.0.1:4566' },
    fix: 'docker compose up --build --wait   (or, without Docker: npm run local)',
  });
});

describe('the hook', () => {
  const script = (state: string) => ({ stage: 'READY', name: '10-deploy.py', state });
  const answer = (body: object, status = 200) =>
    ({ status, body: JSON.stringify(body), headers: new Headers(), sentAt: 0, receivedAt: 0 }) as never;

  it.each([
    [{ completed: true, scripts: [script('SUCCESSFUL')] }, 'ok', '10-deploy.py SUCCESSFUL'],
    [{ completed: false, scripts: [script('RUNNING')] }, 'fail', '10-deploy.py RUNNING; not completed'],
    [{ completed: false, scripts: [script('SUCCESSFUL')] }, 'fail', '10-deploy.py SUCCESSFUL; not completed'],
    [{ completed: true, scripts: [script('ERROR')] }, 'fail', '10-deploy.py ERROR'],
    [{ completed: true, scripts: [] }, 'fail', 'there is no script in ready.d'],
  ])('%j: %s', (body, status, found) => {
    expect(judgeHook(answer(body), system)).toMatchObject({ check: 'Hook', status, found });
  });

  it('is none in MiniStack, or in what is no emulator', () => {
    expect(judgeHook(answer({}, 404), system).status).toBe('skipped');
    expect(judgeHook(undefined, system).status).toBe('skipped');
    const page = { status: 200, body: '<html>' } as never;
    expect(judgeHook(page, system).status).toBe('skipped');
  });
});

describe('the clock', () => {
  const NOW = Date.parse('2026-11-21T12:00:00.500Z');
  const judge = (date: string | null, took = 10) => judgeClock({ date, sentAt: NOW - took, receivedAt: NOW });

  it.each([
    ['Sat, 21 Nov 2026 12:00:00 GMT', 'ok', 'has the time of this machine'],
    ['Sat, 21 Nov 2026 12:00:02 GMT', 'ok', 'has the time of this machine'],
    ['Sat, 21 Nov 2026 11:59:58 GMT', 'ok', 'has the time of this machine'],
    ['Sat, 21 Nov 2026 12:00:03 GMT', 'warn', '3 s ahead of this machine'],
    ['Sat, 21 Nov 2026 11:59:57 GMT', 'warn', '2 s behind this machine'],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 'warn', '3599 s behind this machine'],
  ])('%s: %s', (date, status, found) => {
    expect(judge(date)).toMatchObject({ status, found: expect.stringContaining(found) });
  });

  it('may have been asked slowly, and may not be told', () => {
    expect(judge('Sat, 21 Nov 2026 11:59:55 GMT', 4_000).status).toBe('ok');
    expect(judge(null).status).toBe('skipped');
  });
});

describe('what was left lying', () => {
  it('dead letters are counted by queue, and listed with the options that find them', () => {
    const empty = { queue: 'local-undelivered', depth: 0 };
    expect(judgeDeadLetters([empty], system)).toMatchObject({ status: 'ok', found: 'none' });
    const filled = [empty, { queue: 'local-order-queue-dlq', depth: 2 }];
    expect(judgeDeadLetters(filled, system)).toEqual({
      ...{ check: 'Dead letters', status: 'warn', found: '2 in local-order-queue-dlq', fix: 'npm run dlq -- list' },
    });
    const elsewhere = { endpoint: 'http://emulator:1', stage: 'blue', origin: { kind: 'named' as const } };
    expect(judgeDeadLetters(filled, elsewhere).fix).toBe(
      'npm run dlq -- list --endpoint http://emulator:1 --stage blue',
    );
  });

  it('markers are counted by table, with the age of the oldest', () => {
    const none = { table: 'local-notifications', overdue: 0, isAll: true, oldestAt: Infinity };
    expect(judgeMarkers([none], 0, system).status).toBe('ok');
    const some = [none, { table: 'local-orders', overdue: 3, isAll: true, oldestAt: 0 }];
    expect(judgeMarkers(some, 300_000, system)).toMatchObject({
      status: 'warn',
      found: '3 in local-orders, due for up to 5 min',
      fix: 'npm run audit   (why the sweeper cannot work is in docker compose logs api-gateway)',
    });
    const many = [{ ...some[1]!, isAll: false }];
    expect(judgeMarkers(many, 90_000, system).found).toBe('3 or more in local-orders, due for up to 90 s');
    const blue = { endpoint: 'http://127.0.0.1:4999', stage: 'blue', origin: { kind: 'local' as const } };
    expect(judgeMarkers(some, 300_000, blue).fix).toMatch(/^npm run audit -- --stage blue .*logs\/api-gateway\.log/);
  });
});

describe('the services', () => {
  const names = ['localstack', 'api-gateway', 'order-worker', 'notification-worker'];
  const container = (service: string, status = 'Up 1 minute (healthy)', state = 'running') => ({
    ...{ name: `orderflow-${service}-1`, state, status, ports: [], project: 'orderflow', service, folder: '/here' },
  });
  let all: ReturnType<typeof container>[];
  beforeAll(() => {
    all = names.map((name) => container(name));
  });
  const judge = (containers: typeof all) => judgeContainers(containers, 'docker compose');

  it('are healthy in containers', () => {
    expect(judge(all)).toEqual([{ check: 'Services', status: 'ok', found: '4 containers, all healthy' }]);
  });

  it.each([
    ['Up 2 minutes (unhealthy)', 'running', ''],
    ['Up 2 seconds (health: starting)', 'running', ''],
    ['Restarting (1) 5 seconds ago', 'restarting', ''],
    ['Exited (1) 3 minutes ago', 'exited', ', then docker compose up -d --wait'],
  ])('are not: %s', (status, state, andThen) => {
    expect(judge([...all.slice(0, 3), container('notification-worker', status, state)])).toEqual([
      {
        ...{
          check: 'Service notification-worker',
          status: 'fail',
          found: `orderflow-notification-worker-1: ${status}`,
        },
        fix: `docker compose logs --tail 20 notification-worker${andThen}`,
      },
    ]);
  });

  it('are stopped all together, or some were never started', () => {
    const stopped = names.map((name) => container(name, 'Exited (0) 1 hour ago', 'exited'));
    expect(judge(stopped).map(({ status }) => status)).toEqual(['warn', 'warn', 'warn', 'warn']);
    expect(judge(all.slice(0, 3))).toMatchObject([
      { status: 'warn', found: 'no container of notification-worker', fix: 'docker compose up -d --build --wait' },
    ]);
  });

  const answer = (status: number, body: string) => ({ status, body }) as never;

  it.each([
    [answer(200, '{"status":"ok","details":{"table a":{"status":"up"}}}'), 'ok', 'healthy'],
    [
      answer(503, '{"status":"error","error":{"rule a":{"status":"down","reason":"no target"},"bus":{"status":"up"}}}'),
      'fail',
      'answers 503: rule a: no target',
    ],
    [
      answer(200, '{"status":"degraded","details":{"bus a":{"status":"up","degraded":true,"reason":"gone"}}}'),
      'warn',
      'degraded: bus a: gone',
    ],
    [answer(503, 'draining'), 'fail', 'answers 503: draining'],
    [undefined, 'fail', 'does not answer'],
  ])('of npm run local answer %j', (given, status, found) => {
    expect(judgeReadiness('order-worker', given)).toMatchObject({ check: 'Service order-worker', status, found });
  });
});
