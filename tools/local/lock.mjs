/**
 * A lock between processes. It is a folder with one file, whose name identifies the holder. A rename creates it
 * atomically, and fails while the old folder contains a file. The file of a dead holder is removed by name, so a late
 * remover cannot remove the next holder's lock. An empty folder is free.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalError } from './fail.mjs';
import { standingOf, startOf } from './identity.mjs';
import { createPatience, poll } from './patience.mjs';
import { commandOf } from './ports.mjs';

/** Longer than an install on a slow machine. */
const PATIENCE_MS = 300_000;
const LOOK_EVERY_MS = 200;
/** Longer waits are reported. */
const SILENT_MS = 2_000;
/** Error codes of a rename onto a non-empty folder. Windows uses general codes. */
const TAKEN = ['EEXIST', 'ENOTEMPTY', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])];

/** Ignores these error codes. @param {string[]} codes @param {() => void} act */
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

/** @param {string} holder process id, start time, and a part that is unique in the process */
function isGone(holder) {
  const [pid = '', startedAt = ''] = holder.split('_');
  return /^[1-9]\d*$/.test(pid) && standingOf({ pid: Number(pid), startedAt }) === 'gone';
}

/** @param {string} lock */
function holdersOf(lock) {
  /** @type {string[]} */
  let holders = [];
  unless(['ENOENT'], () => {
    holders = readdirSync(lock);
  });
  return holders;
}

/** @param {string} holder */
function describe(holder) {
  const [pid = ''] = holder.split('_');
  return `${pid} (${commandOf(Number(pid))})`;
}

/**
 * Runs the work exclusively, across processes. The lock of a killed holder counts as free.
 * @template T
 * @param {string} lock a folder that exists during the work
 * @param {() => T | Promise<T>} work
 * @param {{ patienceMs?: number, silentMs?: number, signal?: AbortSignal | undefined, say?: (text: string) => void }} [options]
 * `signal` ends the wait; `say` gets the holder's description, once the wait exceeds `silentMs`
 * @returns {Promise<T>}
 */
export async function withLock(lock, work, options = {}) {
  const { patienceMs = PATIENCE_MS, silentMs = SILENT_MS, signal, say = console.error } = options;
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  const me = `${process.pid}_${startOf(process.pid)}_${randomUUID()}`;
  const prepared = `${lock}.${me}`;
  const seconds = Math.round(patienceMs / 1_000);
  const take = () => {
    // Removes the folder only if it is empty.
    unless(['ENOENT', ...TAKEN], () => rmdirSync(lock));
    return unless(TAKEN, () => renameSync(prepared, lock));
  };
  mkdirSync(prepared);
  try {
    writeFileSync(`${prepared}/${me}`, '');
    const silence = createPatience(silentMs);
    let holder = '';
    /** @type {string | undefined} */
    let told;
    const tryToTake = () => {
      while (!take()) {
        const holders = holdersOf(lock);
        const gone = holders.filter(isGone);
        for (const file of gone) rmSync(`${lock}/${file}`, { force: true });
        if (gone.length > 0) continue;
        [holder = ''] = holders;
        if (silence.isOver() && told !== holder) {
          told = holder;
          say(`  waiting for process ${describe(holder)}, which holds ${lock}, for up to ${seconds} s`);
        }
        return false;
      }
      return true;
    };
    if (!(await poll(tryToTake, patienceMs, { everyMs: LOOK_EVERY_MS, signal }))) {
      throw new LocalError(
        `Process ${describe(holder)} has held ${lock} for ${seconds} s.`,
        `Wait until it has ended. If it does not belong to Orderflow: rm -r ${lock}   Then run this again.`,
      );
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
