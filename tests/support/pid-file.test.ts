import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { endKnown } from '../../tools/local/children.mjs';
import { startOf } from '../../tools/local/identity.mjs';
import { pidFile } from '../../tools/local/local-run.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const GONE = { pid: 2 ** 31 - 2, startedAt: 'boot-1-2' };

describe('the pid file', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'orderflow-'));
    file = join(folder, 'run.json');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const known = (name: string, of: { pid: number; startedAt: string }) => ({ name, ...of });
  const self = { pid: process.ppid, startedAt: startOf(process.ppid) ?? '' };

  function write(parent: { pid: number; startedAt: string }, ...children: { pid: number; startedAt: string }[]): void {
    pidFile(file).write({
      parent: known('local', parent),
      children: children.map((child) => known('order-worker', child)),
      urls: {},
    });
  }

  it.each<[string, { pid: number; startedAt: string }, { pid: number; startedAt: string }[]]>([
    ['its parent', self, [GONE]],
    ['a child', GONE, [GONE, self]],
    ['a child that may be a later process', GONE, [{ ...self, startedAt: 'Fri Nov 27 10:11:12 2026' }]],
    ['a child without a recorded identity', GONE, [{ ...self, startedAt: '' }]],
  ])('stays while %s answers', (_, parent, children) => {
    write(parent, ...children);
    expect(
      pidFile(file)
        .removeUnlessAlive()
        .map(({ pid }) => pid),
    ).toEqual([process.ppid]);
    expect(existsSync(file)).toBe(true);
  });

  it('is removed when all have ended', () => {
    write(GONE, GONE);
    expect(pidFile(file).removeUnlessAlive()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['cut off', (whole: string) => whole.slice(0, -20)],
    ['nothing of ours', () => '[]'],
    ['null', () => 'null'],
    ['without its parent', (whole: string) => JSON.stringify({ ...(JSON.parse(whole) as object), parent: null })],
    ['with an id that is no number', (whole: string) => whole.replace(/"pid": \d+/, '"pid": "1"')],
  ])('is kept and reported as damaged when it is %s', (_, damage) => {
    write(self);
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    expect(() => pidFile(file).removeUnlessAlive()).toThrow('is damaged');
    expect(pidFile(file).read()).toBeUndefined();
    expect(existsSync(file)).toBe(true);
  });

  it('names no process if it is missing or empty', () => {
    expect(pidFile(file).readStrictly()).toBeUndefined();
    writeFileSync(file, '');
    expect(pidFile(file).readStrictly()).toBeUndefined();
  });

  it('keeps the old content if the new one cannot be written', () => {
    write(self);
    const before = readFileSync(file, 'utf8');
    const circular: Record<string, never> = {};
    Object.assign(circular, { circular });
    expect(() => {
      pidFile(file).write({ parent: known('local', self), children: [], urls: circular });
    }).toThrow('circular');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['run.json']);
  });

  it('is readable by its owner only', () => {
    write(self);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o600);
  });

  const stop = (env: Record<string, string>) =>
    new Promise<{ code: number; output: string }>((resolve) => {
      const options = { cwd: root, env: { ...process.env, NODE_OPTIONS: '', ORDERFLOW_LOCAL_DIR: folder, ...env } };
      const program = spawn(process.execPath, ['tools/local.mjs', '--stop'], options);
      let output = '';
      for (const stream of [program.stdout, program.stderr])
        stream.on('data', (data: Buffer) => (output += String(data)));
      program.once('close', (code) => {
        resolve({ code: code ?? 1, output });
      });
    });

  /** A process that ignores the first signal, like a service that drains. */
  function startStubborn() {
    const child = spawn(
      process.execPath,
      ['--eval', 'process.on("SIGTERM", () => setTimeout(process.exit, 300)); setInterval(() => {}, 1000)'],
      { stdio: 'ignore' },
    );
    /** The signal that ended it; null if it exited by itself. */
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('close', (_, signal) => {
        resolve(signal);
      }),
    );
    const pid = child.pid ?? 0;
    return { ended, child, known: { pid, startedAt: startOf(pid) ?? '' } };
  }

  it.each([
    ['a time zone', { TZ: 'Pacific/Kiritimati', LC_ALL: 'de_DE.UTF-8' }],
    ['no ps', { PATH: '/nonexistent' }],
  ])(
    'is enough to stop the children of a dead launcher in a shell with %s',
    async (_, env) => {
      const { ended, known: child } = startStubborn();
      write(GONE, child);
      expect(await stop(env)).toEqual({ code: 0, output: expect.stringContaining('Stopped.') });
      expect(await ended).not.toBe('SIGKILL');
      expect(existsSync(file)).toBe(false);
    },
    30_000,
  );

  it('reports processes that may belong to others, and neither ends nor forgets them', async () => {
    write(GONE, { ...self, startedAt: 'Fri Nov 27 10:11:12 2026' });
    const { code, output } = await stop({});
    expect(code).toBe(1);
    expect(output).toContain(`${process.ppid} (order-worker)`);
    expect(output).toContain(`rm ${file}`);
    expect(existsSync(file)).toBe(true);
  }, 30_000);

  it('ends a suspended process, too', async () => {
    const { ended, child, known: one } = startStubborn();
    child.kill('SIGSTOP');
    await endKnown(known('x', one), 20_000);
    expect(await ended).not.toBe('SIGKILL');
  }, 30_000);
});
