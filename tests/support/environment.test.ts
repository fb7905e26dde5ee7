import { readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import {
  createCredentials,
  forDeployment,
  forDocker,
  forDownloads,
  forgetAws,
  forServices,
  forTests,
  ofTheMachine,
  SETTINGS,
  shellCommands,
  TEMPLATE_PARAMETERS,
} from '../../tools/local/environment.mjs';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { HOSTILE_SHELL } from './hostile-shell.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** Of every service. */
const configs: { loadConfig: (env: NodeJS.ProcessEnv) => object }[] = [];
for (const service of SERVICE_NAMES) {
  configs.push((await import(`../../services/${service}/src/config.js`)) as (typeof configs)[number]);
}
const ENVIRONMENTS = { ofTheMachine, forServices, forDeployment, forDownloads, forDocker, forTests };
/** Variables that one kind of child legitimately needs. */
const EXPECTED: Partial<Record<keyof typeof ENVIRONMENTS, RegExp>> = {
  // pip's files are read only for the package index: tests/integration/installs.test.ts.
  forDownloads: /^(?:(?:HTTPS?|ALL|NO)_PROXY|PIP_CONFIG_FILE)$/i,
  forTests: /^(?:(?:HTTPS?|ALL|NO)_PROXY|PIP_CONFIG_FILE|NODE_OPTIONS)$/i,
};

describe.each(Object.entries(ENVIRONMENTS))('an environment %s', (kind, make) => {
  const expected = EXPECTED[kind as keyof typeof ENVIRONMENTS];

  it.each(Object.keys(HOSTILE_SHELL))('has no %s of the shell', (name) => {
    for (const spelt of new Set([name, name.toUpperCase(), name.toLowerCase()])) {
      if (expected?.test(spelt)) continue;
      expect(Object.values(make({ [spelt]: 'x' }))).not.toContain('x');
    }
  });

  it('has only named variables', () => {
    const unknown = { SOME_TOOLS_OWN: 'x', MY_LOG_LEVEL: 'x', STAGE_NAME: 'x', XPATH: 'x', AWS_SOMETHING_NEW: 'x' };
    expect(Object.values(make(unknown))).not.toContain('x');
  });

  it.each(['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'Path', 'SystemRoot'])("has the machine's %s", (name) => {
    expect(make({ [name]: 'x' })).toMatchObject({ [name]: 'x' });
  });
});

describe('a setting', () => {
  /** Set by the start command or by images. */
  const OF_A_START = [
    ...['PORT', 'HOST', 'WORKER_URLS', 'NODE_ENV', 'MANAGEMENT_PORT', 'PUBLISHED_ON_LOOPBACK'],
    ...['AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ];
  const readByServices = new Set<string>();
  const recording = new Proxy<NodeJS.ProcessEnv>({}, { get: (_, name) => void readByServices.add(String(name)) });
  for (const { loadConfig } of configs) loadConfig(recording);

  it('reaches the services only if a service reads it', () => {
    expect(new Set([...SETTINGS, ...OF_A_START])).toEqual(readByServices);
  });

  it.each(SETTINGS)('%s reaches the services, and Compose', (name) => {
    expect(forServices({ [name]: 'x' })).toMatchObject({ [name]: 'x' });
    expect(forDocker({ [name]: 'x' })).toMatchObject({ [name]: 'x' });
  });

  it('of the template reaches the deploy script', () => {
    const [, parameters = ''] = /^PARAMETERS = \{([^}]*)\}/m.exec(read('localstack-init/ready.d/10-deploy.py')) ?? [];
    expect([...parameters.matchAll(/: "(\w+)"/g)].map(([, name]) => name).sort()).toEqual(TEMPLATE_PARAMETERS.sort());
    for (const name of TEMPLATE_PARAMETERS) expect(forDeployment({ [name]: 'x' })).toMatchObject({ [name]: 'x' });
  });

  it('of .env.example is read by Compose, and reaches its reader', () => {
    const documented = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, name = '']) => name);
    for (const name of documented.filter((name) => !name.endsWith('_PORT'))) expect(SETTINGS).toContain(name);
  });
});

it.each(['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'])('clients of an emulator find an empty %s', (name) => {
  for (const env of [{}, { [name]: '/home/me/.aws/config' }]) {
    for (const make of [forServices, forDeployment]) expect(make(env)).toMatchObject({ [name]: devNull });
  }
});

it('a tool ignores the AWS settings of its environment', () => {
  const env: NodeJS.ProcessEnv = { ...HOSTILE_SHELL, PATH: '/bin' };
  forgetAws(env);
  expect(Object.keys(env).filter((name) => /^aws_/i.test(name))).toEqual([
    ...['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'],
  ]);
  expect(env).toMatchObject({ PATH: '/bin', AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull });
});

it('a shell reaches the emulator without its proxies, and keeps them', () => {
  const credentials = createCredentials();
  expect(shellCommands({}, 'http://127.0.0.1:1', credentials)).not.toMatch(/proxy/i);
  expect(shellCommands({ http_proxy: 'http://proxy:1' }, 'http://127.0.0.1:1', credentials)).toContain(
    '\nexport NO_PROXY="${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost" no_proxy="${no_proxy:+$no_proxy,}127.0.0.1,localhost"',
  );
});

it('each run has a key that looks like neither an account id nor an AWS key', () => {
  const keys = Array.from({ length: 100 }, () => createCredentials().accessKeyId);
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^LOCAL[0-9A-F]{32}$/);
});

it('of a container has the AWS settings of compose.yaml, and none of the shell', () => {
  const { services } = parse(read('compose.yaml'), { merge: true }) as {
    services: Record<string, { environment?: Record<string, string | number | null> }>;
  };
  const fromShell = Object.values(services).flatMap(({ environment = {} }) =>
    Object.entries(environment).flatMap(([name, value]) =>
      value === null ? [name] : [...String(value).matchAll(/\$\{(\w+)/g)].map(([, variable = '']) => variable),
    ),
  );
  // Of the OpenID provider: its port and a setting for tests.
  const ofProvider = ['IDENTITY_PORT', 'ACCESS_TOKEN_TTL_SECONDS'];
  const known = [...SETTINGS, ...TEMPLATE_PARAMETERS, ...ofProvider];
  expect(fromShell.filter((name) => !known.includes(name))).toEqual([]);
});
