import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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

  it('is taken from a process that no longer lives', async () => {
    await withLock(lock, () => undefined);
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(lock, String(pid));
    expect(await withLock(lock, () => readFileSync(lock, 'utf8'), { patienceMs: 0 })).toBe(String(process.pid));
  });

  it.each([
    ['names the process that holds it for too long', String(process.pid), `Process ${process.pid} has held`],
    ['is not taken from a process that has just begun to take it', '', 'Process (unknown) has held'],
  ])('%s', async (_, content, message) => {
    await withLock(lock, () => undefined);
    writeFileSync(lock, content);
    await expect(withLock(lock, () => undefined, { patienceMs: 300 })).rejects.toThrow(message);
    expect(readFileSync(lock, 'utf8')).toBe(content);
  });
});
