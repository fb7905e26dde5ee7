import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { doubtAboutIds, standingOf, startOf } from '../../tools/local/identity.mjs';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../tools/local/identity.mjs')).href;
const NO_PROC = '/no/such/folder';
const hasProc = existsSync('/proc/self/stat');

/** This process's start time, as a process with other variables reports it. */
function startAsSeenWith(env: Record<string, string | undefined>, proc: string): string {
  const program = `import { startOf } from ${JSON.stringify(MODULE)};
    process.stdout.write(startOf(${process.pid}, ${JSON.stringify(proc)}) ?? 'gone');`;
  const options = { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', ...env } } as const;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', program], options).stdout;
}

describe.each([...(hasProc ? [['/proc', '/proc']] : []), ['ps', NO_PROC]])('by %s a process', (_, proc) => {
  it('is the same in every time zone and language', () => {
    const seen = [
      {},
      { TZ: 'Asia/Tokyo' },
      { TZ: 'America/St_Johns', LC_ALL: 'de_DE.UTF-8', LANG: 'fr_FR' },
      { TZ: undefined, LC_ALL: 'C', LC_TIME: 'zh_CN' },
    ].map((env) => startAsSeenWith(env, proc));
    expect(new Set(seen)).toEqual(new Set([startOf(process.pid, proc)]));
    expect(seen[0]).toMatch(/^(?:boot|ps)-[\w:-]+$/);
  });

  it('is reported as running until it ends, or until a later process has its id', async () => {
    const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const pid = child.pid ?? 0;
    const startedAt = startOf(pid, proc) ?? '';
    expect(standingOf({ pid, startedAt }, proc)).toBe('running');
    expect(standingOf({ pid, startedAt: startedAt.replace(/\d+$/, '7') }, proc)).toBe('gone');
    child.kill('SIGKILL');
    // It is a zombie until its parent has read its exit code.
    await eventually(async () => standingOf({ pid, startedAt }, proc) === 'gone', 'gone');
  });

  it.each([
    ['an earlier version wrote it', 'Fri Nov 27 10:11:12 2026'],
    ['it was recorded in another form', proc === NO_PROC ? 'boot-1-2' : 'ps-Fri-Nov-27-10:11:12-2026'],
    ['it was not recorded', ''],
  ])('is unknown when %s', (_reason, startedAt) => {
    expect(standingOf({ pid: process.pid, startedAt }, proc)).toBe('unknown');
  });
});

it.each([0, -1, -process.pid, 1.5, NaN, 2 ** 31 - 2])('there is no process %s', (pid) => {
  expect(startOf(pid)).toBeUndefined();
  expect(standingOf({ pid, startedAt: 'x' })).toBe('gone');
});

it('without /proc and ps only the existence of a process is known', () => {
  const empty = mkdtempSync(join(tmpdir(), 'orderflow-'));
  expect(startAsSeenWith({ PATH: empty }, NO_PROC)).toBe('');
  if (hasProc) expect(startAsSeenWith({ PATH: empty }, '/proc')).toBe(startOf(process.pid));
  rmSync(empty, { recursive: true });
});

it('reports that it cannot determine the state', () => {
  if (hasProc) expect(doubtAboutIds()).toBeUndefined();
  expect(doubtAboutIds(NO_PROC)).toContain('to the second');
});
