import { describe, expect, it } from '@jest/globals';
import { checkFiles, checkImage, readConfig } from '../../../tools/doctor/docker.mjs';
import { readContainers, readWantedPorts } from '../../../tools/local/containers.mjs';

const answered = (stdout: string) => ({ status: 'ok' as const, stdout, reason: '' });

const failed = (reason: string, stdout = '') => ({ status: 'failed' as const, stdout, reason });

const missing = (command: string) => ({ status: 'missing' as const, stdout: '', reason: `${command} is not in PATH` });

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

  it('may need an account if a token is set', () => {
    expect(checkImage({ project: '', image: 'localstack/localstack:latest', hasToken: true }).status).toBe('ok');
  });

  it("comes from Compose's merged files, or from compose.yaml without Compose", () => {
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

  it('are read with their ports and Compose labels', () => {
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

  it('are read with their configured ports, running or not', () => {
    const bindings = { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '3010-3019' }], '1/tcp': [{ HostPort: '' }] };
    const lines = [`/a-1 ${JSON.stringify(bindings)}`, '/b-1 {}', '/c-1 null', '/d-1 {"80/tcp":[{"HostPort":"80"}]}'];
    expect([...readWantedPorts(answered(lines.join('\n')))]).toEqual([
      ['a-1', [[3010, 3019]]],
      ['b-1', []],
      ['c-1', []],
      ['d-1', [[80, 80]]],
    ]);
  });

  it('are an empty list if Docker does not answer', () => {
    expect(readContainers(failed('no daemon'))).toEqual([]);
  });
});
