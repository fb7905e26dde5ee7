/** Settings from the shell and .env. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import util from 'node:util';
import { SERVICES } from '../../contracts/src/topology.js';
import { SETTINGS, TEMPLATE_PARAMETERS } from './environment.mjs';

/** @typedef {(variable: string) => string | undefined} Settings the value of a variable; undefined when unset or empty */

/** Further variables of .env: ports. */
const PORTS = ['LOCALSTACK_PORT', 'IDENTITY_PORT', ...Object.values(SERVICES).map(({ portVariable }) => portVariable)];
/**
 * Reads .env, or the files that Compose reads instead.
 * @param {string} root @param {NodeJS.ProcessEnv} env @returns {Record<string, string | undefined>}
 */
function readEnvFiles(root, env) {
  if (/^(?:1|true)$/i.test(env['COMPOSE_DISABLE_ENV_FILE'] ?? '')) return {};
  const files = (env['COMPOSE_ENV_FILES']?.trim() || '.env').split(',');
  return Object.assign(
    {},
    ...files.map((file) => {
      const path = resolve(root, file.trim());
      // An old Node.js has no parseEnv. It is reported elsewhere.
      return existsSync(path) ? (util.parseEnv?.(readFileSync(path, 'utf8')) ?? {}) : {};
    }),
  );
}

/**
 * Reads .env like Compose: the shell has precedence.
 * @param {string} root @param {NodeJS.ProcessEnv} env @returns {Settings}
 */
export function readSettings(root, env) {
  const inFiles = readEnvFiles(root, env);
  return (variable) => (env[variable] ?? inFiles[variable])?.trim() || undefined;
}

/** Adds settings and ports from .env to an environment. @param {string} root @param {NodeJS.ProcessEnv} env */
export function addEnvFiles(root, env) {
  for (const [name, value] of Object.entries(readEnvFiles(root, env))) {
    if ([...SETTINGS, ...TEMPLATE_PARAMETERS, ...PORTS].includes(name)) env[name] ??= value;
  }
}
