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
 * @typedef {keyof typeof PARTS} Part which of its addresses a tool needs
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

/** What Compose publishes each address by. */
const PARTS = {
  api: { service: 'api-gateway', variable: 'API_PORT', fallback: '3000' },
  endpoint: { service: 'localstack', variable: 'LOCALSTACK_PORT', fallback: '4566' },
};

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
    ...{ api: urlOf(project, PARTS.api.service), endpoint: urlOf(project, PARTS.endpoint.service) },
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

/** @param {string} url */
export async function answers(url) {
  return (await request(url)) !== undefined;
}

/**
 * Finds the URL of the running system.
 * @param {string} root @param {NodeJS.ProcessEnv} env @param {Part} part
 * @returns {Promise<{ url: string, foundBy: string }>} `foundBy` is for people
 * @throws LocalError when none runs, or several; with `mayCome` when waiting may help
 */
export async function findSystem(root, env, part) {
  const docker = await ask('docker', PS);
  const running = listSystems(root, env, readContainers(docker));
  const systems = meantByShell(running, env).filter((system) => system[part] !== undefined);
  const [system, ...others] = systems;
  if (system && others.length > 0) {
    const width = Math.max(...systems.map(({ name }) => name.length));
    const lines = systems.map(
      ({ name, api = '-', endpoint = '-', choose }) =>
        `\n  ${name.padEnd(width)}  API ${api}, emulator ${endpoint}  ${choose}`,
    );
    throw new LocalError(
      `${systems.length} systems run here:${lines.join('')}`,
      `name one, by putting its variable before the command. For example: ${system.choose} npm run …`,
    );
  }
  if (system?.[part] !== undefined) return { url: system[part], foundBy: system.name };

  // A system that neither `npm run local` nor Docker knows.
  const settings = readSettings(root, env);
  const { service, variable, fallback } = PARTS[part];
  const port = Number((settings(variable) ?? fallback).split('-')[0]);
  const url = port > 0 && port < 65_536 ? `http://127.0.0.1:${port}` : undefined;
  if (url && (await answers(url))) return { url, foundBy: variable };

  const left = readLeftBehind(root, env);
  const local = readLocalRun(root, env)
    ? 'is still starting'
    : left.pids.length > 0
      ? `was killed, and ${left.pids.length} of its processes are left (${left.end} ends them)`
      : `does not run (${runFolder(root, env).runFile})`;
  const containers =
    docker.status === 'ok'
      ? `Docker has no running ${service} of Compose project ${settings('COMPOSE_PROJECT_NAME') ?? 'orderflow'}`
      : `Docker does not answer (${docker.reason})`;
  const asked = url ? `nothing answers at ${url} (${variable})` : `${variable} is ${settings(variable)}`;
  const error = new LocalError(
    `No system runs here: npm run local ${local}, ${containers}, ${asked}.`,
    'start one with npm run local or docker compose up --build --wait. One that npm run local has started in another ' +
      'folder is found with the same ORDERFLOW_LOCAL_DIR.',
  );
  throw Object.assign(error, { mayCome: true });
}
