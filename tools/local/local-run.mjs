/**
 * The folder of `npm run local`, and what it has started there according to its run file. With another folder, a second
 * system can run in parallel.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { endKnown, STOP_WITHIN_MS } from './children.mjs';
import { stopLocalStack } from './docker.mjs';
import { LOCALSTACK_CREDENTIALS } from './environment.mjs';
import { LocalError } from './fail.mjs';
import { isAlive, mayBeAlive } from './identity.mjs';

/**
 * @typedef {object} RunFolder
 * @property {string} root
 * @property {string} runFile lists the processes and the URLs
 * @property {string} startLog the output of a start in the background
 * @property {string} logDir
 * @property {string} logs the same, relative to the project for messages
 * @property {string} project the Compose project of its LocalStack: two folders must not share a container
 * @property {string} prefix begins a command for this folder; empty for the default folder
 * @typedef {import('./environment.mjs').Credentials} Credentials
 * @typedef {import('./identity.mjs').Known} Known
 * @typedef {{ parent: Known, children: Known[], usesContainer?: boolean, urls: Record<string, string>, credentials?: Credentials | undefined }} Run
 * @typedef {Pick<RunFolder, 'logs' | 'prefix' | 'project'>} Folder
 * @typedef {Folder & Pick<Run, 'urls' | 'credentials'>} LocalRun
 */

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** @param {string} root @param {NodeJS.ProcessEnv} env */
export function runFolder(root, env) {
  const given = env['ORDERFLOW_LOCAL_DIR']?.trim();
  const folder = resolve(root, given || '.local');
  const project = `orderflow-local-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
  const notes = { root, runFile: `${folder}/run.json`, startLog: `${folder}/local.log`, project };
  if (folder === resolve(root, '.local')) return { ...notes, logDir: `${root}logs/`, logs: 'logs/', prefix: '' };
  const logDir = `${folder}/logs/`;
  return { ...notes, logDir, logs: logDir, prefix: `ORDERFLOW_LOCAL_DIR=${folder} ` };
}

/**
 * Creates the folder, readable by its owner only and ignored by git, because it will contain the emulator's key.
 * @param {string} folder
 */
export function makeRunFolder(folder) {
  if (mkdirSync(folder, { recursive: true, mode: 0o700 })) writeFileSync(`${folder}/.gitignore`, '*\n');
}

/** @param {any} known */
const isKnown = (known) =>
  Number.isSafeInteger(known?.pid) && typeof known.name === 'string' && typeof known.startedAt === 'string';

/** The run file: the launcher, its children, and the emulator's credentials. @param {string} file */
export function pidFile(file) {
  /** @returns {Run | undefined} */
  function readStrictly() {
    let text = '';
    try {
      text = readFileSync(file, 'utf8');
      if (text.trim() === '') return undefined;
      const run = JSON.parse(text);
      if (typeof run.urls === 'object' && [run.parent, ...run.children].every(isKnown)) return run;
    } catch (error) {
      const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === 'ENOENT') return undefined;
      if (code !== undefined)
        throw new LocalError(`${file} cannot be read: ${message}`, 'Run this as the user who owns it.');
    }
    const pids = [...text.matchAll(/"pid":\s*(\d+)/g)].map(([, pid]) => pid);
    throw new LocalError(
      `${file} is damaged, so the processes that were started here are not known${pids.length > 0 ? `; it names the processes ${pids.join(', ')}` : ''}.`,
      `End those that still run, then delete it: rm ${file}`,
    );
  }
  return {
    readStrictly,
    /** Undefined if it cannot be read. */
    read() {
      try {
        return readStrictly();
      } catch {
        return undefined;
      }
    },
    /** Written atomically, readable by its owner only. @param {Run} content */
    write(content) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const whole = `${file}.${process.pid}`;
      try {
        writeFileSync(whole, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
        renameSync(whole, file);
      } finally {
        rmSync(whole, { force: true });
      }
    },
    /** Keeps the file while it is needed to stop a process. @returns {Known[]} those that are, or may be, alive */
    removeUnlessAlive() {
      const known = readStrictly();
      const left = known
        ? [known.parent, ...known.children].filter(({ pid }) => pid !== process.pid).filter(mayBeAlive)
        : [];
      if (left.length === 0) rmSync(file, { force: true });
      return left;
    },
  };
}

/**
 * The running `npm run local` of this folder. Without URLs it is still starting.
 * @param {string} root @param {NodeJS.ProcessEnv} env @returns {LocalRun | undefined}
 */
export function readLocalRun(root, env) {
  const { runFile, logs, prefix, project } = runFolder(root, env);
  const known = pidFile(runFile).read();
  return known && isAlive(known.parent)
    ? { urls: known.urls, credentials: known.credentials, logs, prefix, project }
    : undefined;
}

/**
 * Leftover processes of a dead `npm run local` of this folder, and the command that ends them.
 * @param {string} root @param {NodeJS.ProcessEnv} env
 */
export function readLeftBehind(root, env) {
  const { runFile, prefix } = runFolder(root, env);
  const known = pidFile(runFile).read();
  const left = known && !isAlive(known.parent) ? known.children.filter(isAlive) : [];
  return { pids: left.map(({ pid }) => pid), end: `${prefix}npm run local:stop` };
}

/**
 * Ends the children and the container that a dead launcher has left, then deletes the run file.
 * @param {RunFolder} folder
 */
export async function endLeftBehind(folder) {
  const state = pidFile(folder.runFile);
  const known = state.readStrictly();
  await Promise.all((known?.children ?? []).map((child) => endKnown(child, STOP_WITHIN_MS)));
  if (known?.usesContainer) await stopLocalStack(folder);
  const left = state.removeUnlessAlive();
  if (left.length === 0) return;
  const pids = left.map(({ pid }) => pid);
  const names = left.map(({ name, pid }) => `${pid} (${name})`).join(', ');
  throw new LocalError(
    `These processes are still running: ${names}. Either they do not end, or Orderflow cannot tell whether it started them.`,
    `Look at them: ps -p ${pids.join(',')}   End those of Orderflow: kill ${pids.join(' ')}   Then: rm ${folder.runFile}`,
  );
}

/** Whether two URLs name the same listener. @param {string} one @param {string} other */
export function isSame(one, other) {
  const [a, b] = [new URL(one), new URL(other)];
  const isHere = [a, b].every(({ hostname }) => LOOPBACK.includes(hostname));
  return a.origin === b.origin || (a.port === b.port && isHere);
}

/**
 * The credentials of the emulator at an endpoint: from EMULATOR_ACCESS_KEY_ID and EMULATOR_SECRET_ACCESS_KEY, or of
 * `npm run local`. Never the shell's AWS credentials.
 * @param {string} endpoint @param {NodeJS.ProcessEnv} env @param {LocalRun | undefined} localRun
 */
export function credentialsAt(endpoint, env, localRun) {
  const [accessKeyId, secretAccessKey] = [env['EMULATOR_ACCESS_KEY_ID'], env['EMULATOR_SECRET_ACCESS_KEY']];
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  const local = localRun?.urls['AWS endpoint'];
  const isLocal = local !== undefined && isSame(endpoint, local);
  return (isLocal ? localRun?.credentials : undefined) ?? LOCALSTACK_CREDENTIALS;
}
