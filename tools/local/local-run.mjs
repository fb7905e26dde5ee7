/** What `npm run local` has started in this folder, according to its run file. */
import { pidFile } from './children.mjs';
import { LOCALSTACK_CREDENTIALS } from './environment.mjs';
import { isAlive } from './identity.mjs';
import { runFolder } from './run-folder.mjs';

/**
 * @typedef {import('./environment.mjs').Credentials} Credentials
 * @typedef {Pick<import('./run-folder.mjs').RunFolder, 'logs' | 'prefix' | 'project'>} Folder
 * @typedef {Folder & { urls: Record<string, string>, credentials?: Credentials | undefined }} LocalRun
 */

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

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
