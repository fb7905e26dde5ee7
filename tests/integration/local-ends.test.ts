import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { isAlive } from '../../tools/local/identity.mjs';
import { canListen } from '../../tools/local/ports.mjs';
import { stateOfDependencies } from '../../tools/local/dependencies.mjs';
import { build, installEmulator } from '../../tools/local/requirements.mjs';
import { LocalLauncher, READY_WITHIN_MS } from '../support/local-launcher.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const portOf = (url: string | undefined): number => Number(new URL(url ?? '').port);

describe('whatever ends npm run local', () => {
  const launchers: LocalLauncher[] = [];
  const launch = (...how: Parameters<LocalLauncher['start']>): LocalLauncher => {
    const launcher = new LocalLauncher().start(...how);
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

  type Moment = (launcher: LocalLauncher) => Promise<unknown>;
  const MOMENTS: Record<string, Moment> = {
    'before it does anything': () => Promise.resolve(),
    'when it has written its first line': (launcher) => eventually(async () => launcher.output !== '', 'a line'),
    'when it is registered': (launcher) => launcher.until('registered', () => true),
    'when the emulator is not ready yet': (launcher) =>
      launcher.until('emulator', ({ children }) => children.length > 0),
    'when the topology is deployed': (launcher) =>
      eventually(async () => launcher.output.includes('topology deployed'), 'deployed', READY_WITHIN_MS),
    'when the first service is not ready yet': (launcher) =>
      launcher.until('service', ({ children }) => children.length > 1),
  };

  it.each(Object.entries(MOMENTS))(
    'SIGINT %s leaves nothing behind',
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
      const logs = SERVICE_NAMES.map((name) => readFileSync(join(folder, `logs/${name}.log`), 'utf8'));
      expect(logs.map((log) => log.includes('drained'))).toEqual(SERVICE_NAMES.map(() => true));
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
    expect(launcher.left().sort()).toEqual([...SERVICE_NAMES, 'emulator'].sort());
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

  it('an interrupted background start leaves nothing behind', async () => {
    const launcher = launch('exec "$0" tools/local.mjs --detach');
    await launcher.until('emulator', ({ children }) => children.length > 0);
    launcher.kill('SIGINT');
    expect(await launcher.ended).toBe(1);
    expect(launcher.left()).toEqual([]);
  }, 180_000);
});
