import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { startOf } from '../../tools/local/identity.mjs';
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

  it('returns the result of the work, and is free afterwards', async () => {
    expect(await withLock(lock, () => existsSync(lock))).toBe(true);
    expect(existsSync(lock)).toBe(false);
  });

  it('is free after work that failed', async () => {
    await expect(withLock(lock, () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect(existsSync(lock)).toBe(false);
  });

  it('lets processes work one at a time', async () => {
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

  it('names its holder in a file in a folder', async () => {
    await withLock(lock, () => {
      expect(readdirSync(lock)).toEqual([expect.stringMatching(new RegExp(`^${process.pid}_[\\w:-]+_[\\da-f-]+$`))]);
    });
    expect(readdirSync(dirname(lock))).toEqual([]);
  });

  it.each([
    [
      'names the process that holds it for too long',
      `${process.pid}__x`,
      new RegExp(`^Process ${process.pid} \\(.*node.*\\) has held`),
    ],
    ['is not taken from an unknown holder', '-1_1_x', 'Process -1 (unknown command) has held'],
  ])('%s', async (_, holder, message) => {
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, holder), '');
    await expect(withLock(lock, () => undefined, { patienceMs: 300 })).rejects.toThrow(message);
    expect(readdirSync(lock)).toEqual([holder]);
    expect(readdirSync(dirname(lock))).toEqual(['work.lock']);
  });

  it('is free at once when it is an empty folder', async () => {
    mkdirSync(lock, { recursive: true });
    expect(await withLock(lock, () => readdirSync(lock), { patienceMs: 0 })).toHaveLength(1);
  });

  const startedLater = (startOf(process.pid) ?? '').replace(/\d+$/, '1');
  it.each(['2147483646_1_x', '2147483646__x', `${process.pid}_${startedLater}_x`])(
    'is taken from %s: a process that has ended, or whose id another process has now',
    async (holder) => {
      mkdirSync(lock, { recursive: true });
      writeFileSync(join(lock, holder), '');
      expect(await withLock(lock, () => readdirSync(lock), { patienceMs: 0 })).not.toContain(holder);
    },
  );

  it('reports its holder once while another process waits', async () => {
    const said: string[] = [];
    const holding = withLock(lock, () => eventually(async () => said.length > 0, 'told'));
    const waiting = withLock(lock, () => 'done', { silentMs: 1, say: (text) => said.push(text) });
    expect(await Promise.all([holding, waiting])).toEqual([true, 'done']);
    expect(said).toEqual([
      expect.stringMatching(new RegExp(`waiting for process ${process.pid} \\(.*node.*\\), which holds .*work\\.lock`)),
    ]);
  });

  it('stops waiting when the wait is aborted', async () => {
    const given = new AbortController();
    const holding = withLock(lock, async () => {
      const waiting = withLock(lock, () => undefined, {
        signal: given.signal,
        silentMs: 1,
        say: () => {
          given.abort();
        },
      });
      await expect(waiting).rejects.toThrow('abort');
    });
    await holding;
    expect(readdirSync(dirname(lock))).toEqual([]);
  });

  const interleavings = fileURLToPath(new URL('lock-interleavings.mjs', import.meta.url));

  it('of a dead process is held by one process at a time, whatever the interleaving', () => {
    const { stdout } = spawnSync(process.execPath, [interleavings, MODULE, folder], { encoding: 'utf8' });
    const results = JSON.parse(stdout) as { step: number; together: number; held: number }[];
    expect(results.length).toBeGreaterThan(5);
    expect(results.filter(({ together, held }) => together !== 1 || held === 0)).toEqual([]);
  }, 60_000);

  it('is free again at whatever point its process is killed', async () => {
    const killed = join(folder, 'killed', 'lock');
    for (let step = 1; ; step++) {
      const { signal } = spawnSync(process.execPath, [interleavings, MODULE, folder, String(step)]);
      expect(await withLock(killed, () => 'free', { patienceMs: 1_000 })).toBe('free');
      if (signal === null) break;
    }
  }, 60_000);
});
