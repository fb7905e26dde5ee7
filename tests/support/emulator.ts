import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployTopology, startMiniStack } from '../../tools/local/embedded.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { installEmulator } from '../../tools/local/requirements.mjs';
import type { Credentials } from '../../tools/local/environment.mjs';
import { CREDENTIALS } from './credentials.js';
import { killAtExit } from './kill-at-exit.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** An emulator. Several systems can share it, each in a separate stage. */
export type Emulator = {
  url: string;
  /** Its credentials. MiniStack accepts no others. */
  credentials: Credentials;
  /** Its process or container, for measurements. */
  process: { pid: number } | { containerId: string };
  /** Deploys the topology of a stage. `env` is for the deploy script, for example STAGE. */
  deploy: (env?: Record<string, string>) => Promise<void>;
  dispose: () => Promise<void>;
};

/** An empty MiniStack as a local process. */
export async function startEmptyEmulator(): Promise<Emulator & { python: string }> {
  const { python } = await installEmulator(root);
  const logDir = `${await mkdtemp(join(tmpdir(), 'orderflow-'))}/`;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startMiniStack({ root, logDir }, { python, port, credentials: CREDENTIALS });
  killAtExit(child);
  return {
    url,
    credentials: CREDENTIALS,
    process: { pid: child.pid },
    python,
    deploy: async (env = {}) => {
      await deployTopology(root, { python, emulatorUrl: url, credentials: CREDENTIALS, env });
    },
    dispose: async () => {
      child.kill('SIGTERM');
      await child.ended;
      await rm(logDir, { recursive: true, force: true });
    },
  };
}

/** LocalStack in a container; its own hook deploys. */
export async function startLocalStackEmulator(env: Record<string, string>): Promise<Emulator> {
  // Imported here, because loading the Docker client takes longer than starting the embedded emulator.
  const { startLocalStack } = await import('./localstack.js');
  const localStack = await startLocalStack({ environment: env });
  return {
    url: localStack.aws.endpoint,
    credentials: CREDENTIALS,
    process: { containerId: localStack.id },
    deploy: async (again = {}) => {
      const { exitCode, output } = await localStack.runHook(again);
      if (exitCode !== 0) throw new Error(`The topology could not be deployed:\n${output}`);
    },
    dispose: () => localStack.dispose(),
  };
}
