import { beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICES } from '@orderflow/contracts';
import { checkContainers, checkReadiness } from '../../../tools/doctor/services.mjs';

describe('the services', () => {
  const names = ['localstack', ...Object.keys(SERVICES)];
  const container = (service: string, status = 'Up 1 minute (healthy)', state = 'running') => ({
    ...{ name: `orderflow-${service}-1`, state, status, ports: [], project: 'orderflow', service, folder: '/here' },
  });
  let all: ReturnType<typeof container>[];
  let others: typeof all;
  beforeAll(() => {
    all = names.map((name) => container(name));
    others = all.filter(({ service }) => service !== 'notification-worker');
  });
  const check = (containers: typeof all) => checkContainers(containers, 'docker compose');

  it('are healthy in containers', () => {
    expect(check(all)).toEqual([{ check: 'Services', status: 'ok', found: `${names.length} containers, all healthy` }]);
  });

  it('are healthy with a deployed topology, and not after a failed deployment', () => {
    const topology = (code: number) => container('topology', `Exited (${code}) 1 minute ago`, 'exited');
    expect(check([...all, topology(0)])).toMatchObject([
      { status: 'ok', found: `${names.length + 1} containers, all healthy` },
    ]);
    expect(check([...all, topology(1)])).toMatchObject([
      { status: 'fail', fix: 'docker compose logs --tail 20 topology, then docker compose up -d --wait' },
    ]);
  });

  it.each([
    ['Up 2 minutes (unhealthy)', 'running', ''],
    ['Up 2 seconds (health: starting)', 'running', ''],
    ['Restarting (1) 5 seconds ago', 'restarting', ''],
    ['Exited (1) 3 minutes ago', 'exited', ', then docker compose up -d --wait'],
  ])('are not healthy: %s', (status, state, andThen) => {
    expect(check([...others, container('notification-worker', status, state)])).toEqual([
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

  it('warns when all are stopped, and when some were never started', () => {
    const stopped = names.map((name) => container(name, 'Exited (0) 1 hour ago', 'exited'));
    expect(check(stopped).map(({ status }) => status)).toEqual(names.map(() => 'warn'));
    expect(check(others)).toMatchObject([
      { status: 'warn', found: 'no container of notification-worker', fix: 'docker compose up -d --build --wait' },
    ]);
  });

  it.each([
    [{ status: 'ready' as const }, 'ok', 'ready'],
    [{ status: 'not ready' as const, reason: 'rule a: no target' }, 'fail', 'not ready: rule a: no target'],
    [{ status: 'degraded' as const, reason: 'bus a: gone' }, 'warn', 'degraded: bus a: gone'],
    [{ status: 'unreachable' as const, reason: 'refused' }, 'fail', 'unreachable: refused'],
  ])('of npm run local answer %j', (given, status, found) => {
    expect(checkReadiness('order-worker', given, 'logs/')).toMatchObject({
      check: 'Service order-worker',
      status,
      found,
    });
  });

  it('of npm run local are unreachable for a reason that names the address', () => {
    const error = new Error('connect ECONNREFUSED 127.0.0.1:3010');
    const given = { status: 'unreachable' as const, reason: 'Error (ECONNREFUSED): unavailable', error };
    expect(checkReadiness('order-worker', given, 'logs/').found).toBe(
      'unreachable: connect ECONNREFUSED 127.0.0.1:3010',
    );
    const several = { ...given, error: new AggregateError([error]) };
    expect(checkReadiness('order-worker', several, 'logs/').found).toBe(`unreachable: ${given.reason}`);
  });

  it('of npm run local have their logs in its configured folder', () => {
    const { fix } = checkReadiness('order-worker', { status: 'unreachable' }, '/second/logs/');
    expect(fix).toBe('tail -n 20 /second/logs/order-worker.log');
  });
});
