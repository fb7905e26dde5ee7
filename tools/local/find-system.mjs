/**
 * Finds the running system for all tools, from the run file of `npm run local`, Docker and .env. Works before anything
 * is compiled or installed.
 */
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { ask, request } from './ask.mjs';
import { readContainers } from './containers.mjs';
import { LocalError } from './fail.mjs';
import { readLeftBehind, readLocalRun, runFolder } from './local-run.mjs';
import { readSettings } from './settings.mjs';

/**
 * @typedef {import('./containers.mjs').Container} Container
 * @typedef {import('./settings.mjs').Settings} Settings
 * @typedef {'api' | 'endpoint'} Part which of its addresses a tool needs
 * @typedef {object} RunningSystem
 * @property {string} name for people
 * @property {string} choose the variable that means this one, as NAME=value
 * @property {string} [project] of Compose
 * @property {string | undefined} [api] base URL, without a slash at the end
 * @property {string | undefined} [endpoint] of its emulator
 */

/** The LocalStack container of `npm run local`, which is not a whole system. */
const LOCAL_PROJECT = /^orderflow-local/;
/** Lists the containers of Compose. */
const PS = ['ps', '--no-trunc', '--filter', 'label=com.docker.compose.project', '--format', '{{json .}}'];

/** No system was found, or several. */
class NotFound extends LocalError {
  /** @param {string} message @param {string} fix @param {boolean} mayCome whether waiting may help */
  constructor(message, fix, mayCome) {
    super(message, fix);
    this.mayCome = mayCome;
  }
}

/** @param {string} folder */
const realPath = (folder) => (existsSync(folder) ? realpathSync(folder) : folder);

/**
 * The Compose projects of this folder or of its project name. Excludes systems of tests, unless named.
 * @param {string} root @param {Settings} settings @param {Container[]} containers @returns {RunningSystem[]}
 */
function composeSystems(root, settings, containers) {
  const named = settings('COMPOSE_PROJECT_NAME');
  const folder = realPath(resolve(root));
  const ours = containers.filter(
    ({ project, folder: of, testRun, state }) =>
      state === 'running' &&
      !LOCAL_PROJECT.test(project) &&
      (named ? project === named : project === 'orderflow' || (!testRun && realPath(of) === folder)),
  );
  const urlOf = (/** @type {string} */ project, /** @type {string} */ wanted) => {
    const [port] = ours.find((one) => one.project === project && one.service === wanted)?.ports ?? [];
    return port === undefined ? undefined : `http://127.0.0.1:${port}`;
  };
  const systems = [...new Set(ours.map(({ project }) => project))].map((project) => ({
    ...{ name: `Compose project ${project}`, choose: `COMPOSE_PROJECT_NAME=${project}`, project },
    ...{ api: urlOf(project, 'api-gateway'), endpoint: urlOf(project, 'localstack') },
  }));
  return systems.filter(({ api, endpoint }) => api || endpoint);
}

/**
 * All running systems.
 * @param {string} root @param {NodeJS.ProcessEnv} env @param {Container[]} containers
 * @returns {RunningSystem[]}
 */
export function listSystems(root, env, containers) {
  const urls = readLocalRun(root, env)?.urls ?? {};
  const [api, endpoint] = [urls['API'], urls['AWS endpoint']];
  const choose = `ORDERFLOW_LOCAL_DIR=${env['ORDERFLOW_LOCAL_DIR']?.trim() || '.local'}`;
  const local = api && endpoint ? [{ name: 'npm run local', choose, api: new URL(api).origin, endpoint }] : [];
  return [...local, ...composeSystems(root, readSettings(root, env), containers)];
}

/**
 * The systems that variables select by folder, project or port; all if none is selected.
 * @param {RunningSystem[]} systems @param {NodeJS.ProcessEnv} env
 */
export function meantByShell(systems, env) {
  const isPort = (/** @type {string | undefined} */ url, /** @type {string} */ variable) =>
    url !== undefined && Number(new URL(url).port) === Number(env[variable]?.trim() || NaN);
  const meant = systems.filter(
    ({ choose, api, endpoint }) =>
      choose === `${choose.split('=')[0]}=${env[choose.split('=')[0] ?? '']?.trim()}` ||
      isPort(api, 'API_PORT') ||
      isPort(endpoint, 'LOCALSTACK_PORT'),
  );
  return meant.length > 0 ? meant : systems;
}

/** @param {RunningSystem[]} systems */
function describeSystems(systems) {
  const width = Math.max(...systems.map(({ name }) => name.length));
  return systems.map(
    ({ name, api = '-', endpoint = '-', choose }) =>
      `  ${name.padEnd(width)}  API ${api}, emulator ${endpoint}  ${choose}`,
  );
}

/**
 * Looks at Compose's ports, for a system that neither `npm run local` nor Docker knows.
 * @param {Part} part @param {Settings} settings
 */
async function askPort(part, settings) {
  const [variable, fallback] = part === 'api' ? ['API_PORT', '3000'] : ['LOCALSTACK_PORT', '4566'];
  const port = Number((settings(variable) ?? fallback).split('-')[0]);
  if (!(port > 0 && port < 65_536)) return { said: `${variable} is ${settings(variable)}` };
  const url = `http://127.0.0.1:${port}`;
  if (await answers(url)) return { url, said: '' };
  return { said: `nothing answers at ${url} (${variable})` };
}

/** @param {string} url */
export async function answers(url) {
  return (await request(url)) !== undefined;
}

/**
 * Finds the URL of the running system.
 * @param {string} root @param {NodeJS.ProcessEnv} env @param {Part} part
 * @returns {Promise<{ url: string, foundBy: string }>} `foundBy` is for people
 * @throws NotFound when none runs, or several
 */
export async function findSystem(root, env, part) {
  const docker = await ask('docker', PS);
  const running = listSystems(root, env, readContainers(docker));
  const systems = meantByShell(running, env).filter((system) => system[part] !== undefined);
  const [system, ...others] = systems;
  if (others.length > 0) {
    throw new NotFound(
      `${systems.length} systems run here:\n${describeSystems(systems).join('\n')}`,
      `name one, by putting its variable before the command. For example: ${system?.choose} npm run …`,
      false,
    );
  }
  if (system?.[part] !== undefined) return { url: system[part], foundBy: system.name };

  const settings = readSettings(root, env);
  const { url, said } = await askPort(part, settings);
  if (url) return { url, foundBy: part === 'api' ? 'API_PORT' : 'LOCALSTACK_PORT' };
  const { runFile } = runFolder(root, env);
  const left = readLeftBehind(root, env);
  const local = readLocalRun(root, env)
    ? 'is still starting'
    : left.pids.length > 0
      ? `was killed, and ${left.pids.length} of its processes are left (${left.end} ends them)`
      : `does not run (${runFile})`;
  const project = settings('COMPOSE_PROJECT_NAME') ?? 'orderflow';
  const service = part === 'api' ? 'api-gateway' : 'localstack';
  const containers =
    docker.status === 'ok'
      ? `Docker has no running ${service} of Compose project ${project}`
      : `Docker cannot be asked (${docker.reason})`;
  throw new NotFound(
    `No system runs here: npm run local ${local}, ${containers}, ${said}.`,
    'start one with npm run local or docker compose up --build --wait. One that npm run local has started in another ' +
      'folder is found with the same ORDERFLOW_LOCAL_DIR.',
    true,
  );
}
