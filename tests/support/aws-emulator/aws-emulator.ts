import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployTopology, startIn, untilHealthy } from '../../../tools/local/embedded.mjs';
import { ofTheMachine } from '../../../tools/local/environment.mjs';
import { freePort } from '../../../tools/local/ports.mjs';
import { installEmulator } from '../../../tools/local/requirements.mjs';
import { CREDENTIALS } from '../credentials.js';
import type { Emulator } from '../emulator.js';
import { killAtExit } from '../kill-at-exit.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = `${root}tests/support/aws-emulator/`;
const ENDS_WITHIN_MS = 90_000;

/** A stack as stacks.py reads it back. Roles are by logical id, attached policies by ARN. */
export type DeployedStack = {
  status: string;
  /** Resources that failed, with the reason. */
  failed: string[];
  exports: Record<string, string>;
  /** Logical ids. */
  resources: string[];
  roles: Record<string, { arn: string; trust: unknown; attached: Record<string, unknown>; inline: unknown[] }>;
  tasks: { taskRoleArn: string; executionRoleArn: string; containerDefinitions: { name: string; image: string }[] }[];
};

export type AwsEmulator = Emulator & {
  /** Creates or updates a stack. @throws when the emulator refuses the template */
  deployStack: (stack: string, templateFile: string, parameters: Record<string, string>) => Promise<DeployedStack>;
};

/** MiniStack with IAM, ECS, load balancers and logs, on loopback. It runs no code and starts no containers. */
export async function startAwsEmulator(): Promise<AwsEmulator> {
  const { python } = await installEmulator(root);
  const logDir = `${await mkdtemp(join(tmpdir(), 'orderflow-'))}/`;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...ofTheMachine(process.env),
    ...{ EMULATOR_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, GATEWAY_PORT: String(port), LOG_LEVEL: 'ERROR' },
  };
  const args = ['-I', '-u', `${folder}wider_guard.py`];
  const child = startIn({ root, logDir }, { name: 'emulator', command: python, args, env });
  killAtExit(child);
  await untilHealthy(`${url}/_ministack/health`, child);

  return {
    ...{ url, credentials: CREDENTIALS, process: { pid: child.pid } },
    deploy: async (variables = {}) => {
      await deployTopology(root, { python, emulatorUrl: url, credentials: CREDENTIALS, env: variables });
    },
    deployStack: async (stack, templateFile, parameters) => {
      const template = await readFile(`${root}${templateFile}`, 'utf8');
      const { status, stdout, stderr } = spawnSync(python, ['-I', `${folder}stacks.py`], {
        encoding: 'utf8',
        env: ofTheMachine(process.env),
        input: JSON.stringify({ url, ...CREDENTIALS, stack, template, parameters }),
        timeout: ENDS_WITHIN_MS,
      });
      if (status !== 0) throw new Error(`${stack} could not be deployed:\n${stderr}`);
      return JSON.parse(stdout) as DeployedStack;
    },
    dispose: async () => {
      child.kill('SIGTERM');
      await child.ended;
      await rm(logDir, { recursive: true, force: true });
    },
  };
}
