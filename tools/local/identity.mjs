/**
 * Which process a process id means. The system gives an id again after its process has ended; the moment of the start
 * tells the two apart. On Linux that is the boot and the clock ticks since it, which neither a time zone nor a clock
 * change moves. Elsewhere it is the second that `ps` names. Where there is neither, nothing can be told.
 */
import { execFileSync } from 'node:child_process';
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
  // Others than these mean groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 * @param {string} stat
 * @param {string} proc
 */
function startFromProc(stat, proc) {
  // The name, which may contain anything, ends with the last parenthesis.
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if ('ZX'.includes(state)) return undefined;
  const boot = read(`${proc}/sys/kernel/random/boot_id`)?.trim() ?? 'unknown';
  return `${BOOT}-${boot}-${fields[18] ?? ''}`;
}

/** @param {number} pid */
function startFromPs(pid) {
  /** @type {string} */
  let line;
  try {
    line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      ...{ encoding: 'utf8', timeout: PS_ANSWERS_WITHIN_MS, stdio: ['ignore', 'pipe', 'ignore'] },
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
    }).trim();
  } catch {
    return isInUse(pid) ? '' : undefined;
  }
  const [state = '', ...start] = line.split(/\s+/);
  if (state.startsWith('Z')) return undefined;
  return start.length > 0 ? `${PS}-${start.join('-')}` : '';
}

/**
 * When a process started: a text to compare, which can be part of a file name. Undefined when there is no such process,
 * empty when its start cannot be told.
 * @param {number} pid
 * @param {string} proc where Linux tells of processes
 * @returns {string | undefined}
 */
export function startOf(pid, proc = '/proc') {
  if (!isInUse(pid)) return undefined;
  const stat = read(`${proc}/${pid}/stat`);
  return stat === undefined ? startFromPs(pid) : startFromProc(stat, proc);
}

/** @param {string} start */
const methodOf = (start) => [BOOT, PS].find((method) => start.startsWith(`${method}-`));

/**
 * @param {Pick<Known, 'pid' | 'startedAt'>} known
 * @param {string} [proc]
 * @returns {Standing}
 */
export function standingOf({ pid, startedAt }, proc) {
  const now = startOf(pid, proc);
  if (now === undefined) return 'gone';
  const method = methodOf(now);
  // Starts that were told in different ways cannot be compared.
  if (method === undefined || method !== methodOf(startedAt)) return 'unknown';
  return now === startedAt ? 'running' : 'gone';
}

/** Whether it is that process for sure. @param {Known} known */
export const isAlive = (known) => standingOf(known) === 'running';

/** Whether it may be that process. @param {Known} known */
export const mayBeAlive = (known) => standingOf(known) !== 'gone';

/**
 * What is left to chance when processes of this machine are told apart; undefined when nothing is.
 * @param {string} [proc]
 */
export function doubtAboutIds(proc) {
  const method = methodOf(startOf(process.pid, proc) ?? '');
  if (method === BOOT) return undefined;
  return method === PS
    ? 'Without /proc, processes are told apart by ps, to the second.'
    : 'Without /proc and ps, an earlier process cannot be told from a later one with its id.';
}
