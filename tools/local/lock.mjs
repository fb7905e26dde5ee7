/** A lock between processes, for work that takes seconds and that two starts side by side would do into one folder. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from './fail.mjs';
import { createPatience } from './patience.mjs';

/** Longer than an install on a slow machine. */
const PATIENCE_MS = 300_000;
const LOOK_EVERY_MS = 200;

/**
 * @param {unknown} error
 * @returns {string | undefined}
 */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code;

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/**
 * The process that holds the lock: 0 when it has not written its id yet, undefined when nobody holds it.
 * @param {string} lock
 */
function holderOf(lock) {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} lock */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Does the work while nobody else does, here or in another process; a lock whose holder was killed counts as free.
 * @template T
 * @param {string} lock a file that is there while the work is done, with the holder's process id
 * @param {() => T | Promise<T>} work
 * @param {{ patienceMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(lock, work, { patienceMs = PATIENCE_MS } = {}) {
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  const patience = createPatience(patienceMs);
  while (!take(lock)) {
    const holder = holderOf(lock);
    if (holder && !isAlive(holder)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (patience.isOver()) {
      throw new LocalError(
        `Process ${holder || '(unknown)'} has held ${lock} for ${Math.round(patienceMs / 1_000)} s.`,
        'Wait until it has ended; if it is no start of Orderflow, delete that file. Then run this again.',
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}
