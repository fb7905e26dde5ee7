/** Finds the system to check, and how it was started. */
import { answers, listSystems, meantByShell } from '../local/find-system.mjs';
import { isSame } from '../local/local-run.mjs';

/**
 * @typedef {import('../local/containers.mjs').Container} Container
 * @typedef {import('../local/settings.mjs').Settings} Settings
 * @typedef {import('../local/local-run.mjs').LocalRun} LocalRun
 * @typedef {import('../local/find-system.mjs').RunningSystem} RunningSystem
 * @typedef {({ kind: 'local' } & import('../local/local-run.mjs').Folder) | { kind: 'compose', project: string, prefix?: string } | { kind: 'named' }} Origin `prefix` is what a command begins with to mean this system
 * @typedef {{ endpoint: string, stage: string, origin: Origin }} System
 * @typedef {{ endpoint: string, credentials: import('../local/environment.mjs').Credentials }} Access to an emulator
 */

/**
 * The named emulator, or that of a running system, or Compose's default; and whether it answers.
 * @param {string | undefined} named @param {string} root @param {NodeJS.ProcessEnv} env
 * @param {{ settings: Settings, containers: Container[] }} around
 * @returns {Promise<{ endpoint: string, answers: boolean, systems: RunningSystem[] }>} all systems that could be meant
 */
export async function findEndpoint(named, root, env, { settings, containers }) {
  const running = listSystems(root, env, containers).filter(({ endpoint }) => endpoint !== undefined);
  const systems = named === undefined ? meantByShell(running, env) : [];
  const [port = ''] = (settings('LOCALSTACK_PORT') ?? '4566').split('-');
  const endpoint = named ?? systems[0]?.endpoint ?? `http://127.0.0.1:${/^\d{1,5}$/.test(port) ? port : '4566'}`;
  return { endpoint, answers: await answers(endpoint), systems };
}

/**
 * @param {string} endpoint @param {LocalRun | undefined} localRun @param {Container[]} containers
 * @param {RunningSystem[]} [systems] what else could be meant
 * @returns {Origin}
 */
export function originOf(endpoint, localRun, containers, systems = []) {
  const chosen = systems.length > 1 ? systems.find((system) => system.endpoint === endpoint) : undefined;
  const prefix = chosen && `${chosen.choose} `;
  if (localRun?.urls['AWS endpoint'] === endpoint) {
    return { kind: 'local', logs: localRun.logs, prefix: prefix ?? localRun.prefix, project: localRun.project };
  }
  const container = containers.find(
    ({ service, ports }) =>
      service === 'localstack' && ports.some((port) => isSame(endpoint, `http://127.0.0.1:${port}`)),
  );
  return container ? { kind: 'compose', project: container.project, ...(prefix && { prefix }) } : { kind: 'named' };
}
