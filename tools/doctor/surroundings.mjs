/** Where the running system is: what the shell, .env and `npm run local` say of it. */
import { existsSync, readFileSync } from 'node:fs';
import util from 'node:util';
import { pidFile } from '../local/children.mjs';
import { LOCALSTACK_CREDENTIALS } from '../local/environment.mjs';
import { isAlive } from '../local/identity.mjs';
import { runFolder } from '../local/run-folder.mjs';
import { request } from './ask.mjs';

/**
 * @typedef {import('./docker.mjs').Container} Container
 * @typedef {import('../local/embedded.mjs').Service} Service
 * @typedef {(variable: string) => string | undefined} Settings the value of a variable; undefined when unset or empty
 * @typedef {Pick<import('../local/run-folder.mjs').RunFolder, 'logs' | 'prefix' | 'project'>} Folder
 * @typedef {import('../local/environment.mjs').Credentials} Credentials
 * @typedef {Folder & { urls: Record<string, string>, credentials?: Credentials | undefined }} LocalRun what `npm run local` has started
 * @typedef {({ kind: 'local' } & Folder) | { kind: 'compose', project: string } | { kind: 'named' }} Origin
 * @typedef {{ endpoint: string, stage: string, origin: Origin }} System
 * @typedef {{ endpoint: string, credentials: Credentials }} Access to an emulator
 */

/**
 * As Compose reads them: .env, and the shell wins.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {Settings}
 */
export function readSettings(root, env) {
  const file = `${root}.env`;
  // A Node.js that is too old has no parseEnv, and is told of already.
  const fromFile = existsSync(file) ? (util.parseEnv?.(readFileSync(file, 'utf8')) ?? {}) : {};
  return (variable) => (env[variable] ?? fromFile[variable])?.trim() || undefined;
}

/**
 * The `npm run local` of this folder, if it is alive.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {LocalRun | undefined}
 */
export function readLocalRun(root, env) {
  const { runFile, logs, prefix, project } = runFolder(root, env);
  const known = pidFile(runFile).read();
  return known && isAlive(known.parent)
    ? { urls: known.urls, credentials: known.credentials, logs, prefix, project }
    : undefined;
}

/**
 * Where the operator's tools look, and whether anything answers there.
 * @param {string | undefined} named
 * @param {Settings} settings
 * @param {LocalRun | undefined} localRun
 */
export async function findEndpoint(named, settings, localRun) {
  const endpoint =
    named ?? localRun?.urls['AWS endpoint'] ?? `http://127.0.0.1:${settings('LOCALSTACK_PORT') ?? '4566'}`;
  return { endpoint, answers: (await request(endpoint)) !== undefined };
}

/** @param {string} hostname */
const isHere = (hostname) => ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);

/**
 * What the emulator there takes: tools/orderctl/src/local-run.ts has the same rule.
 * @param {string} endpoint
 * @param {Settings} settings
 * @param {LocalRun | undefined} localRun
 * @returns {Credentials}
 */
export function credentialsAt(endpoint, settings, localRun) {
  const [accessKeyId, secretAccessKey] = [settings('EMULATOR_ACCESS_KEY_ID'), settings('EMULATOR_SECRET_ACCESS_KEY')];
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  const ofRun = localRun?.urls['AWS endpoint'];
  const both = ofRun === undefined ? [] : [new URL(endpoint), new URL(ofRun)];
  const isSame = both[0]?.origin === both[1]?.origin || both.every(({ hostname }) => isHere(hostname));
  const isRun = both.length > 0 && isSame && both[0]?.port === both[1]?.port;
  return (isRun ? localRun?.credentials : undefined) ?? LOCALSTACK_CREDENTIALS;
}

/**
 * @param {string} endpoint
 * @param {LocalRun | undefined} localRun
 * @param {Container[]} containers
 * @returns {Origin}
 */
export function originOf(endpoint, localRun, containers) {
  if (localRun?.urls['AWS endpoint'] === endpoint) {
    return { kind: 'local', logs: localRun.logs, prefix: localRun.prefix, project: localRun.project };
  }
  const { hostname, port } = new URL(endpoint);
  const container = containers.find(
    ({ service, ports }) => isHere(hostname) && service === 'localstack' && ports.includes(Number(port)),
  );
  return container ? { kind: 'compose', project: container.project } : { kind: 'named' };
}
