import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withLock } from '../../tools/local/lock.mjs';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../tools/local/lock.mjs')).href;

describe('a lock between processes', () => {
  let folder: string;
  let lock: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'orderflow-lock-'));
    lock = join(folder, 'below', 'work.lock');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('gives what the work gives, and is free afterwards', async () => {
    expect(await withLock(lock, () => existsSync(lock))).toBe(true);
    expect(existsSync(lock)).toBe(false);
  });

  it('is free after work that failed', async () => {
    await expect(withLock(lock, () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect(existsSync(lock)).toBe(false);
  });

  it('lets processes work one after the other', async () => {
    const log = join(folder, 'log');
    writeFileSync(log, '');
    const program = `
      import { appendFileSync } from 'node:fs';
      import { withLock } from ${JSON.stringify(MODULE)};
      await withLock(${JSON.stringify(lock)}, async () => {
        appendFileSync(${JSON.stringify(log)}, '(');
        await new Promise((over) => setTimeout(over, 50));
        appendFileSync(${JSON.stringify(log)}, ')');
      });`;
    const codes = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise((ended) => {
            spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' }).once(
              'close',
              ended,
            );
          }),
      ),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(readFileSync(log, 'utf8')).toBe('()()()()');
  });

  it('says who holds it, as a file in a folder', async () => {
    await withLock(lock, () => {
      expect(readdirSync(lock)).toEqual([expect.stringMatching(new RegExp(`^${process.pid}_\\d*_`))]);
    });
    expect(readdirSync(dirname(lock))).toEqual([]);
  });

  it.each([
    ['names the process that holds it for too long', `${process.pid}__x`, `Process ${process.pid} has held`],
    ['is not taken from somebody unknown', '-1_1_x', 'Process -1 has held'],
  ])('%s', async (_, holder, message) => {
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, holder), '');
    await expect(withLock(lock, () => undefined, { patienceMs: 300 })).rejects.toThrow(message);
    expect(readdirSync(lock)).toEqual([holder]);
    expect(readdirSync(dirname(lock))).toEqual(['work.lock']);
  });

  it('is not taken from an earlier version, which had a file', async () => {
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, '1');
    await expect(withLock(lock, () => undefined, { patienceMs: 0 })).rejects.toThrow('Process (unknown) has held');
    expect(readFileSync(lock, 'utf8')).toBe('1');
  });

  it.each(['2147483646_1_x', ...(existsSync('/proc/self/stat') ? [`${process.pid}_1_x`] : [])])(
    'is taken from %s: a process that has ended, or an id that another one has now',
    async (holder) => {
      mkdirSync(lock, { recursive: true });
      writeFileSync(join(lock, holder), '');
      expect(await withLock(lock, () => readdirSync(lock), { patienceMs: 0 })).not.toContain(holder);
    },
  );

  const interleavings = fileURLToPath(new URL('lock-interleavings.mjs', import.meta.url));

  it('of a dead process is held by one at a time, wherever another one comes between', () => {
    const { stdout } = spawnSync(process.execPath, [interleavings, MODULE, folder], { encoding: 'utf8' });
    const results = JSON.parse(stdout) as { step: number; together: number; held: number }[];
    expect(results.length).toBeGreaterThan(5);
    expect(results.filter(({ together, held }) => together !== 1 || held === 0)).toEqual([]);
  }, 60_000);

  it('is free again wherever a process is killed that takes it', async () => {
    const killed = join(folder, 'killed', 'lock');
    for (let step = 1; ; step++) {
      const { signal } = spawnSync(process.execPath, [interleavings, MODULE, folder, String(step)]);
      expect(await withLock(killed, () => 'free', { patienceMs: 1_000 })).toBe('free');
      if (signal === null) break;
    }
  }, 60_000);
});
