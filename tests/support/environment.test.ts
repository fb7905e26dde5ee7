import { readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { createCredentials, ofTheMachine, withoutAws } from '../../tools/local/environment.mjs';

/** Where the shell may say who asks AWS, where, and by which way. */
const FOREIGN = [
  ...['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  ...['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SQS', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_CA_BUNDLE'],
  ...['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
  ...['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_EC2_METADATA_SERVICE_ENDPOINT', 'AWS_SDK_LOAD_CONFIG', 'BOTO_CONFIG'],
  ...['HTTP_PROXY', 'https_proxy', 'All_Proxy', 'no_proxy', 'NODE_USE_ENV_PROXY'],
];

describe('the environment of what talks to an emulator', () => {
  it.each(FOREIGN)('has no %s', (name) => {
    for (const env of [{ [name]: 'x' }, { [name.toUpperCase()]: 'x' }, { [name.toLowerCase()]: 'x' }]) {
      expect(Object.values(withoutAws(env))).not.toContain('x');
      expect(ofTheMachine(env)).toEqual({});
    }
  });

  it.each(['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'])('has an empty %s', (name) => {
    for (const env of [{}, { [name]: '/home/me/.aws/config' }])
      expect(withoutAws(env)).toMatchObject({ [name]: devNull });
  });

  it.each(['STAGE', 'LOG_LEVEL', 'AWS_REQUEST_TIMEOUT_MS', 'PATH', 'LD_PRELOAD'])('of a service has %s', (name) => {
    expect(withoutAws({ [name]: 'x' })).toMatchObject({ [name]: 'x' });
  });

  it.each(['SERVICES', 'AUTH', 'PERSIST_STATE', 'BIND_HOST', 'LAMBDA_EXECUTOR', 'DOCKER_HOST', 'PYTHONPATH'])(
    'of the emulator has no %s',
    (name) => {
      expect(ofTheMachine({ [name]: 'x', PATH: '/bin' })).toEqual({ PATH: '/bin' });
    },
  );
});

it('each run has a key, which is neither an account nor one of AWS', () => {
  const keys = Array.from({ length: 100 }, () => createCredentials().accessKeyId);
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^LOCAL[0-9A-F]{32}$/);
});

it('of a container has, of AWS, what compose.yaml says and nothing of the shell', () => {
  const file = readFileSync(new URL('../../compose.yaml', import.meta.url), 'utf8');
  const { services } = parse(file, { merge: true }) as {
    services: Record<string, { environment?: Record<string, string | number | null> }>;
  };
  const ours = ['AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  for (const { environment = {} } of Object.values(services)) {
    const fromShell = Object.entries(environment).filter(
      ([name, value]) => !(ours.includes(name) && value && !String(value).includes('$')),
    );
    const foreign = fromShell.map(([name]) => name).filter((name) => !(name in withoutAws({ [name]: 'x' })));
    expect(foreign).toEqual([]);
  }
});
