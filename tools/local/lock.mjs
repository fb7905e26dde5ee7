/**
 * A lock between processes, for work that takes seconds and that two starts side by side would do into one folder.
 *
 * The lock is a folder with one file in it, whose name says who holds it. It appears as a whole, by a rename, which fails
 * while there is a file in the old one. What a dead process has left is removed by its own name: whoever is late with
 * that finds nothing, instead of the lock of the next holder. A folder without a file, left by a process that died in
 * between, is free.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from './fail.mjs';
import { createPatience } from './patience.mjs';

/** Longer than an install on a slow machine. */
const PATIENCE_MS = 300_000;
const LOOK_EVERY_MS = 200;
/** What a rename onto a folder that is not empty gives; Windows does not tell that from other refusals. */
const TAKEN = ['EEXIST', 'ENOTEMPTY', 'ENOTDIR', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])];

/**
 * Does it, unless that fails with one of these codes.
 * @param {string[]} codes
 * @param {() => void} act
 */
function unless(codes, act) {
  try {
    act();
    return true;
  } catch (error) {
    const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error);
    if (codes.includes(code)) return false;
    throw error;
  }
}

/**
 * When a process began, in ticks since the machine did, which no change of the clock moves; `dead` for one that only
 * waits for its parent, and empty where that cannot be told.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 * @param {number} pid
 */
function birthOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, which may have anything in it, ends with the last parenthesis.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 'ZX'.includes(state) ? 'dead' : (fields[18] ?? '');
  } catch {
    return '';
  }
}

/** @param {string} holder its process id, when that began, and what tells it from others of the same process */
function isGone(holder) {
  const [pid, birth] = holder.split('_');
  const isPid = /^[1-9]\d*$/.test(pid ?? '');
  if (!isPid) return false;
  if (!unless(['ESRCH'], () => void unless(['EPERM'], () => process.kill(Number(pid), 0)))) return true;
  const now = birthOf(Number(pid));
  return birth !== '' && now !== '' && now !== birth;
}

/** @param {string} lock @returns {string[]} one, or none when it is free */
function holdersOf(lock) {
  /** @type {string[]} */
  let holders = [];
  const isFolder = unless(['ENOTDIR'], () => {
    unless(['ENOENT'], () => {
      holders = readdirSync(lock);
    });
  });
  return isFolder ? holders : ['(unknown)'];
}

/**
 * Does the work while nobody else does, here or in another process; a lock whose holder was killed counts as free.
 * @template T
 * @param {string} lock a folder that is there while the work is done
 * @param {() => T | Promise<T>} work
 * @param {{ patienceMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(lock, work, { patienceMs = PATIENCE_MS } = {}) {
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  const me = `${process.pid}_${birthOf(process.pid)}_${randomUUID()}`;
  const prepared = `${lock}.${me}`;
  const take = () => {
    // Only an empty one goes.
    unless(['ENOENT', ...TAKEN], () => rmdirSync(lock));
    return unless(TAKEN, () => renameSync(prepared, lock));
  };
  mkdirSync(prepared);
  try {
    writeFileSync(`${prepared}/${me}`, '');
    const patience = createPatience(patienceMs);
    while (!take()) {
      const holders = holdersOf(lock);
      const gone = holders.filter(isGone);
      for (const holder of gone) rmSync(`${lock}/${holder}`, { force: true });
      if (gone.length > 0) continue;
      if (patience.isOver()) {
        throw new LocalError(
          `Process ${holders[0]?.split('_')[0] ?? '(unknown)'} has held ${lock} for ${Math.round(patienceMs / 1_000)} s.`,
          'Wait until it has ended; if it is no start of Orderflow, delete that. Then run this again.',
        );
      }
      await sleep(LOOK_EVERY_MS);
    }
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    throw error;
  }
  try {
    return await work();
  } finally {
    rmSync(`${lock}/${me}`, { force: true });
    unless(['ENOENT', ...TAKEN], () => rmdirSync(lock));
  }
}
