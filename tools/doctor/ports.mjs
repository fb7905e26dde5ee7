/** Whether the ports can be had, and who has them. */
import { canListen, processOn } from '../local/ports.mjs';
import { fail, ok } from './check.mjs';

/**
 * @typedef {import('./check.mjs').Check} Check
 * @typedef {import('./docker.mjs').Container} Container
 * @typedef {import('./surroundings.mjs').LocalRun} LocalRun
 * @typedef {{ container: string } | { pid: number, command: string, end?: string | undefined } | 'unknown'} Owner `end` is the command that ends it, if not kill
 * @typedef {{ name: string, variable: string, port: number, isOurs: boolean, owner?: Owner }} Seen no owner: it is free
 */

/** The name among the URLs of `npm run local`, the variable, and what Compose takes without it. */
const PORTS = /** @type {const} */ ([
  ['api-gateway', 'API', 'API_PORT', '3000'],
  ['localstack', 'AWS endpoint', 'LOCALSTACK_PORT', '4566'],
  ['order-worker', 'order-worker', 'ORDER_WORKER_PORT', '3010-3019'],
  ['notification-worker', 'notification-worker', 'NOTIFICATION_WORKER_PORT', '3020-3029'],
]);

/** @param {Owner} owner */
function describe(owner) {
  if (owner === 'unknown') return 'a process of another user';
  return 'container' in owner ? `the container ${owner.container}` : `process ${owner.pid}: ${owner.command}`;
}

/** @param {Owner} owner @param {number} port */
function howToEnd(owner, port) {
  if (owner === 'unknown') return `sudo lsof -i :${port}   (names it)`;
  return 'container' in owner ? `docker stop ${owner.container}` : (owner.end ?? `kill ${owner.pid}`);
}

/** @param {Seen} seen @returns {Check} */
export function judgePort({ name, variable, port, isOurs, owner }) {
  const check = `Port of ${name}`;
  if (owner === undefined) return ok(check, `${port} is free`);
  if (isOurs) return ok(check, `${port}, held by this system`);
  const moved = `${variable}=${port + 10_000}`;
  return fail(
    check,
    `${port} is held by ${describe(owner)}`,
    `${howToEnd(owner, port)}, or move: ${moved} docker compose up --build --wait   (or ${moved} npm run local)`,
  );
}

/**
 * Ports of a system that runs are where it is; the others where a start would look for them.
 * @param {{ settings: import('./surroundings.mjs').Settings, localRun: LocalRun | undefined, leftBehind?: { pids: number[], end: string }, containers: Container[], project: string }} where
 * @returns {Promise<Check[]>}
 */
export function checkPorts({ settings, localRun, leftBehind, containers, project }) {
  const ours = containers.filter((container) => container.project === project);
  return Promise.all(
    PORTS.map(async ([name, key, variable, fallback]) => {
      const url = localRun?.urls[key];
      const [published] = ours.filter(({ service }) => service === name).flatMap(({ ports }) => ports);
      const running = url === undefined ? published : Number(new URL(url).port);
      const wanted = settings(variable) ?? fallback;
      const port = running ?? Number(wanted.split('-')[0]);
      if (port === 0) return ok(`Port of ${name}`, `${variable}=0: any free one`);
      if (!Number.isInteger(port) || port > 65_535) {
        return fail(`Port of ${name}`, `${variable}=${wanted} is no port`, `${variable}=${fallback}`);
      }
      if (await canListen(port)) return judgePort({ name, variable, port, isOurs: false });
      const container = containers.find(({ ports }) => ports.includes(port));
      const process = container ? undefined : processOn(port);
      const isLeft = process !== undefined && leftBehind?.pids.includes(process.pid);
      const owner = container
        ? { container: container.name }
        : process
          ? { ...process, ...(isLeft ? { end: leftBehind?.end } : {}) }
          : 'unknown';
      const isOurs = running === port;
      return judgePort({ name, variable, port, isOurs, owner });
    }),
  );
}
