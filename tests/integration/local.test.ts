import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListTablesCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stateOfDependencies } from '../../tools/local/dependencies.mjs';
import { installEmulator } from '../../tools/local/requirements.mjs';
import { HOSTILE_SHELL } from '../support/hostile-shell.js';
import { compileOps } from '../support/orderctl.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NOWHERE = 'http://127.0.0.1:1';
const STAGE = 'hostile';

describe('npm run local in a shell with hostile settings', () => {
  let folder: string;
  let shell: Record<string, string | undefined>;
  let started: Awaited<ReturnType<typeof run>>;
  let urls: Record<string, string>;

  function run(...command: string[]): Promise<{ exitCode: number; output: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, ['--no-warnings', ...command], { cwd: root, env: shell }, (error, stdout, stderr) => {
        resolve({ exitCode: error ? Number(error.code) : 0, output: stdout + stderr });
      });
    });
  }

  beforeAll(async () => {
    // An install would disturb tests that run at the same time.
    expect(stateOfDependencies(root)).toBe('up to date');
    // The shell's proxy is for downloads only, and nothing listens there.
    await Promise.all([compileOps(), installEmulator(root)]);
    folder = await mkdtemp(join(tmpdir(), 'orderflow-local-'));
    const config = join(folder, 'config');
    const profile = `region = eu-west-1\nendpoint_url = ${NOWHERE}\naws_access_key_id = AKIAMINE\naws_secret_access_key = x\n`;
    await writeFile(
      config,
      `[default]\n${profile}use_fips_endpoint = true\n[profile mine]\n${profile}[mine]\n${profile}`,
    );
    const envFile = join(folder, 'env');
    // Settings in a user's .env. All parts must use the same stage.
    const moved = ['API_PORT=0', 'LOCALSTACK_PORT=0', 'ORDER_WORKER_PORT=0', 'NOTIFICATION_WORKER_PORT=0'];
    await writeFile(envFile, [...moved, `STAGE=${STAGE}`, 'LOG_FORMAT=json', ''].join('\n'));
    shell = {
      ...process.env,
      ...HOSTILE_SHELL,
      ...{ AWS_PROFILE: 'mine', AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: config },
      ...{ ORDERFLOW_LOCAL_DIR: join(folder, 'run'), COMPOSE_ENV_FILES: envFile },
    };
    started = await run('tools/local.mjs', '--detach');
    if (started.exitCode !== 0) throw new Error(started.output);
    ({ urls } = JSON.parse(await readFile(join(folder, 'run/run.json'), 'utf8')) as { urls: typeof urls });
  }, 180_000);

  afterAll(async () => {
    await run('tools/local.mjs', '--stop');
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('starts, with a key that only this user can read', async () => {
    expect(started).toMatchObject({ exitCode: 0, output: expect.stringContaining('npm run local --silent -- --env') });
    const modes = await Promise.all(
      ['run', 'run/run.json'].map(async (path) => (await stat(join(folder, path))).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600]);
  });

  it('processes an order', async () => {
    const { exitCode, output } = await run('tools/demo.mjs');
    expect({ exitCode, output }).toEqual({
      exitCode: 0,
      output: expect.stringContaining(new URL(urls.API ?? '').origin),
    });
  }, 60_000);

  it.each([
    ['status', `Nothing needs attention. Stage ${STAGE}`],
    ['audit', `Everything adds up. Stage ${STAGE}`],
    ['send --count 2 --wait 60', '2 completed, 0 failed'],
    ['dlq list', '0 dead letters'],
    ['doctor', '0 failed'],
    ['doctor', `orderflow-${STAGE}: CREATE_COMPLETE`],
  ])(
    'ops %s finds it and has access to %s',
    async (command, said) => {
      const { exitCode, output } = await run('tools/orderctl/dist/main.js', ...command.split(' '));
      expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining(said) });
    },
    60_000,
  );

  it('gives its services the settings of .env', async () => {
    expect(await readFile(join(folder, 'run/logs/order-worker.log'), 'utf8')).toContain('{"level":');
  });

  it('prints the settings for the AWS CLI and SDKs', async () => {
    const { output: commands } = await run('tools/local.mjs', '--env');
    const output = await new Promise<string>((resolve) => {
      execFile('sh', ['-c', `${commands}\nenv`], { env: shell }, (_, stdout) => {
        resolve(stdout);
      });
    });
    const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1] ?? '';
    expect(output.match(/^AWS_\w+/gm)?.sort()).toEqual([
      ...[
        'AWS_ACCESS_KEY_ID',
        'AWS_CONFIG_FILE',
        'AWS_DEFAULT_REGION',
        'AWS_ENDPOINT_URL',
        'AWS_REGION',
        'AWS_SECRET_ACCESS_KEY',
      ],
      'AWS_SHARED_CREDENTIALS_FILE',
    ]);
    expect(of('AWS_CONFIG_FILE')).toBe(devNull);
    const credentials = { accessKeyId: of('AWS_ACCESS_KEY_ID'), secretAccessKey: of('AWS_SECRET_ACCESS_KEY') };
    const client = new DynamoDBClient({ endpoint: of('AWS_ENDPOINT_URL'), region: of('AWS_REGION'), credentials });
    expect((await client.send(new ListTablesCommand({}))).TableNames).toContain(`${STAGE}-orders`);
    client.destroy();
  });
});
