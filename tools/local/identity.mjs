/**
 * Identifies processes. The system reuses ids, so the start time is compared, too. On Linux it is the boot id and the
 * ticks since boot, which clock changes do not affect. Elsewhere it is the second that `ps` shows. Without both, the
 * answer is unknown.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ name: string, pid: number, startedAt: string }} Known a process, and what `startOf` said of it
 * @typedef {'running' | 'gone' | 'unknown'} Standing unknown: the id is in use, by that process or by a later one
 */

const PS_ANSWERS_WITHIN_MS = 5_000;
const BOOT = 'boot';
const PS = 'ps';

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isInUse(pid) {
  // Other numbers name process groups.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 * @param {string} stat @param {string} proc
 */
function startFromProc(stat, proc) {
  // The name may contain anything. It ends with the last parenthesis.
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if ('ZX'.includes(state)) return undefined;
  const boot = read(`${proc}/sys/kernel/random/boot_id`)?.trim() ?? 'unknown';
  return `${BOOT}-${boot}-${fields[18] ?? ''}`;
}

/** @param {number} pid */
function startFromPs(pid) {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    ...{ encoding: 'utf8', timeout: PS_ANSWERS_WITHIN_MS },
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  });
  if (status !== 0) return isInUse(pid) ? '' : undefined;
  const [state = '', ...start] = stdout.trim().split(/\s+/);
  if (state.startsWith('Z')) return undefined;
  return start.length > 0 ? `${PS}-${start.join('-')}` : '';
}

/**
 * A text that identifies the start of a process, for comparison and safe in file names. Undefined if there is no such
 * process, empty if its start is unknown.
 * @param {number} pid @param {string} proc the proc file system of Linux
 */
export function startOf(pid, proc = '/proc') {
  if (!isInUse(pid)) return undefined;
  const stat = read(`${proc}/${pid}/stat`);
  return stat === undefined ? startFromPs(pid) : startFromProc(stat, proc);
}

/** @param {string} start */
const methodOf = (start) => start.split('-')[0];

/** @param {Pick<Known, 'pid' | 'startedAt'>} known @param {string} [proc] @returns {Standing} */
export function standingOf({ pid, startedAt }, proc) {
  const now = startOf(pid, proc);
  if (now === undefined) return 'gone';
  // Starts from different methods are not comparable.
  if (now === '' || methodOf(now) !== methodOf(startedAt)) return 'unknown';
  return now === startedAt ? 'running' : 'gone';
}

/** Whether it is certainly that process. @param {Known} known */
export const isAlive = (known) => standingOf(known) === 'running';

/** Whether it may be that process. @param {Known} known */
export const mayBeAlive = (known) => standingOf(known) !== 'gone';

/** The uncertainty of identifying processes here; undefined without one. @param {string} [proc] */
export function doubtAboutIds(proc) {
  const method = methodOf(startOf(process.pid, proc) ?? '');
  if (method === BOOT) return undefined;
  return method === PS
    ? 'Without /proc, processes are told apart by ps, to the second.'
    : 'Without /proc and ps, an earlier process cannot be told from a later one with its id.';
}
