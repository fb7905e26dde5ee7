/** The folder of `npm run local` for state and logs. With another folder, a second system can run in parallel. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * @typedef {object} RunFolder
 * @property {string} runFile what is started, and where it is
 * @property {string} startLog what a start in the background prints
 * @property {string} logDir
 * @property {string} logs the same for people, who are in the project's folder
 * @property {string} project the Compose project of its LocalStack: two folders must not share a container
 * @property {string} prefix what a command begins with to mean this folder; empty for the usual one
 */

/** @param {string} root @param {NodeJS.ProcessEnv} env */
export function runFolder(root, env) {
  const given = env['ORDERFLOW_LOCAL_DIR']?.trim();
  const folder = resolve(root, given || '.local');
  const project = `orderflow-local-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
  const notes = { runFile: `${folder}/run.json`, startLog: `${folder}/local.log`, project };
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
