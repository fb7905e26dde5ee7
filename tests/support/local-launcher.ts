import { spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@orderflow/testing/eventually';
import { pidFile } from '../../tools/local/local-run.mjs';
import { isAlive, type Known } from '../../tools/local/identity.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const READY_WITHIN_MS = 120_000;

/** `npm run local` in a separate folder, for tests that end it. */
export class LocalLauncher {
  readonly folder = mkdtempSync(join(tmpdir(), 'orderflow-ends-'));
  readonly runFile = join(this.folder, 'run.json');
  readonly env = {
    ...process.env,
    ...{ NODE_OPTIONS: '', ORDERFLOW_LOCAL_DIR: this.folder },
    ...{
      API_PORT: '0',
      LOCALSTACK_PORT: '0',
      ORDER_WORKER_PORT: '0',
      NOTIFICATION_WORKER_PORT: '0',
      IDENTITY_PORT: '0',
    },
  };
  output = '';
  ended: Promise<number | NodeJS.Signals> = Promise.resolve(0);
  /** Every process that it has recorded. */
  private readonly known = new Map<number, Known>();
  private kill_: (signal: NodeJS.Signals) => void = () => undefined;

  /** @param command for a shell; "$0" tools/local.mjs is the launcher */
  start(command = 'exec "$0" tools/local.mjs', stdio: StdioOptions = ['ignore', 'pipe', 'pipe']): this {
    const child = spawn('bash', ['-c', command, process.execPath], { cwd: root, env: this.env, stdio, detached: true });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => (this.output += String(data)));
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        resolve(code ?? signal ?? 1);
      }),
    );
    this.kill_ = (signal) => child.kill(signal);
    return this;
  }

  kill(signal: NodeJS.Signals): void {
    this.kill_(signal);
  }

  read() {
    const run = pidFile(this.runFile).read();
    for (const one of run ? [run.parent, ...run.children] : []) this.known.set(one.pid, one);
    return run;
  }

  until(what: string, is: (run: NonNullable<ReturnType<LocalLauncher['read']>>) => boolean) {
    return eventually(
      async () => {
        const run = this.read();
        return run && is(run) ? run : undefined;
      },
      what,
      READY_WITHIN_MS,
    ).catch((error: unknown) => {
      throw new Error(this.output, { cause: error });
    });
  }

  ready() {
    return this.until('ready', ({ urls }) => urls.API !== undefined);
  }

  /** Processes that it started and that still run. */
  left(): string[] {
    this.read();
    return [...this.known.values()].filter(isAlive).map(({ name }) => name);
  }

  stop() {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/local.mjs', '--stop'], {
      ...{ cwd: root, env: this.env, encoding: 'utf8' },
    });
    return { status, output: stdout + stderr };
  }

  dispose(): void {
    this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
