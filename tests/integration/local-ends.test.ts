import { spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pidFile } from '../../tools/local/children.mjs';
import { isAlive, type Known } from '../../tools/local/identity.mjs';
import { canListen } from '../../tools/local/ports.mjs';
import { stateOfDependencies, build, installEmulator } from '../../tools/local/requirements.mjs';
import { waitFor } from '../support/wait-for.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const READY_WITHIN_MS = 120_000;

/** Ends `npm run local` in every way, each time in a separate folder. */
class Launcher {
  readonly folder = mkdtempSync(join(tmpdir(), 'orderflow-ends-'));
  readonly runFile = join(this.folder, 'run.json');
  readonly env = {
    ...process.env,
    ...{ NODE_OPTIONS: '', ORDERFLOW_LOCAL_DIR: this.folder },
    ...{ API_PORT: '0', LOCALSTACK_PORT: '0', ORDER_WORKER_PORT: '0', NOTIFICATION_WORKER_PORT: '0' },
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

  until(what: string, is: (run: NonNullable<ReturnType<Launcher['read']>>) => boolean) {
    return waitFor(
      what,
      () => {
        const run = this.read();
        return Promise.resolve(run && is(run) ? run : undefined);
      },
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

const portOf = (url: string | undefined): number => Number(new URL(url ?? '').port);

describe('whatever ends npm run local', () => {
  const launchers: Launcher[] = [];
  const launch = (...how: Parameters<Launcher['start']>): Launcher => {
    const launcher = new Launcher().start(...how);
    launchers.push(launcher);
    return launcher;
  };

  beforeAll(async () => {
    // An install would disturb tests that run at the same time.
    expect(stateOfDependencies(root)).toBe('up to date');
    await Promise.all([build(root), installEmulator(root)]);
  }, 300_000);

  afterAll(() => {
    for (const launcher of launchers) launcher.dispose();
  });

  type Moment = (launcher: Launcher) => Promise<unknown>;
  const MOMENTS: Record<string, Moment> = {
    'before it does anything': () => Promise.resolve(),
    'when it has written its first line': (launcher) =>
      waitFor('a line', () => Promise.resolve(launcher.output !== '')),
    'when it is registered': (launcher) => launcher.until('registered', () => true),
    'when the emulator is not ready yet': (launcher) =>
      launcher.until('emulator', ({ children }) => children.length > 0),
    'when the topology is deployed': (launcher) =>
      waitFor('deployed', () => Promise.resolve(launcher.output.includes('topology deployed')), READY_WITHIN_MS),
    'when the first service is not ready yet': (launcher) =>
      launcher.until('service', ({ children }) => children.length > 1),
  };

  it.each(Object.entries(MOMENTS))(
    'SIGINT %s leaves nothing',
    async (_, moment) => {
      const launcher = launch();
      await moment(launcher);
      launcher.kill('SIGINT');
      expect([0, 'SIGINT']).toContain(await launcher.ended);
      expect(launcher.left()).toEqual([]);
      expect(existsSync(launcher.runFile)).toBe(false);
    },
    180_000,
  );

  it('a closed terminal or a closed pipe drains like SIGTERM', async () => {
    // The signals reach only the launcher, so it cannot notice them through the end of its children.
    const hungUp = launch();
    const unread = launch('"$0" tools/local.mjs > >(head -n 9 > /dev/null)');
    await hungUp.ready();
    hungUp.kill('SIGHUP');
    expect(await hungUp.ended).toBe(0);
    expect(await unread.ended).toBe(0);
    for (const { folder } of [hungUp]) {
      const logs = ['api-gateway', 'order-worker', 'notification-worker'].map((name) =>
        readFileSync(join(folder, `logs/${name}.log`), 'utf8'),
      );
      expect(logs.map((log) => log.includes('drained'))).toEqual([true, true, true]);
    }
    expect([...hungUp.left(), ...unread.left()]).toEqual([]);
  }, 180_000);

  it('a full disk under its output does not end it', async () => {
    if (!existsSync('/dev/full')) return;
    const launcher = launch(undefined, ['ignore', openSync('/dev/full', 'w'), openSync('/dev/full', 'w')]);
    const { urls } = await launcher.ready();
    expect((await fetch(urls.API ?? '')).status).toBe(200);
    launcher.kill('SIGTERM');
    expect(await launcher.ended).toBe(0);
    expect(launcher.left()).toEqual([]);
  }, 180_000);

  it('after kill -9 the services keep running, and npm run local:stop ends them', async () => {
    const launcher = launch();
    const { urls } = await launcher.ready();
    launcher.kill('SIGKILL');
    await launcher.ended;
    // Each service logs one line.
    expect((await fetch(`${urls.API ?? ''}/no-id`)).status).toBeGreaterThanOrEqual(400);
    expect((await fetch(urls.API ?? '')).status).toBe(200);
    expect(launcher.left().sort()).toEqual(['api-gateway', 'emulator', 'notification-worker', 'order-worker']);
    expect(launcher.stop()).toEqual({ status: 0, output: expect.stringContaining('Stopped.') });
    expect(launcher.left()).toEqual([]);
    expect(existsSync(launcher.runFile)).toBe(false);
    expect(await canListen(portOf(urls.API))).toBe(true);
  }, 180_000);

  it('after kill -9 during the start the next start cleans up', async () => {
    const launcher = launch();
    const before = await launcher.until('emulator', ({ children }) => children.length > 0);
    launcher.kill('SIGKILL');
    await launcher.ended;
    expect(launcher.left()).toContain('emulator');
    const again = launcher.start();
    const after = await again.until(
      'ready',
      ({ parent, urls }) => parent.pid !== before.parent.pid && urls.API !== undefined,
    );
    expect(before.children.filter(isAlive)).toEqual([]);
    expect(again.output).toMatch(/stale processes \d ended/);
    again.kill('SIGTERM');
    expect(await again.ended).toBe(0);
    expect(after.children.filter(isAlive)).toEqual([]);
  }, 180_000);

  it('a suspended emulator ends, too', async () => {
    const launcher = launch();
    const { children } = await launcher.until('emulator', (run) => run.children.length > 0);
    const emulator = children[0]?.pid ?? 0;
    process.kill(emulator, 'SIGSTOP');
    launcher.kill('SIGINT');
    expect(await launcher.ended).toBe(0);
    expect(launcher.left()).toEqual([]);
  }, 180_000);

  it('an interrupted background start leaves nothing', async () => {
    const launcher = launch('exec "$0" tools/local.mjs --detach');
    await launcher.until('emulator', ({ children }) => children.length > 0);
    launcher.kill('SIGINT');
    expect(await launcher.ended).toBe(1);
    expect(launcher.left()).toEqual([]);
  }, 180_000);
});
