import { describe, expect, it } from '@jest/globals';
import { checkCompose, checkDockerCli, checkEngine, needEither } from '../../../tools/doctor/docker.mjs';
import { checkMemory, checkNodeVersion, checkNpm, checkPython } from '../../../tools/doctor/machine.mjs';

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

  it('npm is present, or comes with Node.js', () => {
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

  it('without Docker, the checks of its parts are skipped', () => {
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

  it('a configured remote daemon does not answer', () => {
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

  it('either of them is enough', () => {
    expect(statuses(needEither(python, docker))).toEqual(['ok', 'ok']);
    expect(statuses(needEither(noPython, docker))).toEqual(['warn', 'ok']);
    expect(statuses(needEither(python, noDocker))).toEqual(['ok', 'warn']);
    expect(statuses(needEither(noPython, noDocker))).toEqual(['fail', 'fail']);
  });
});

it('4 GiB of memory is enough', () => {
  expect(checkMemory('Memory', 4 * GIB, 'more')).toMatchObject({ status: 'ok', found: '4.0 GiB' });
  expect(checkMemory('Memory', 3.8 * GIB, 'more')).toMatchObject({ status: 'warn', fix: 'more' });
});
