/** Checks whether ports are free, and who uses them. */
import { SERVICES } from '../../contracts/src/topology.js';
import { canListen, describeOwner, howToEnd, processOn } from '../local/ports.mjs';
import { fail, ok, warn } from './check.mjs';

/**
 * @typedef {import('../local/containers.mjs').Container} Container
 * @typedef {import('./surroundings.mjs').LocalRun} LocalRun
 * @typedef {import('../local/ports.mjs').Owner} Owner
 * @typedef {{ pids: number[], end: string }} LeftBehind what a dead launcher has left, and the command that ends it
 * @typedef {{ name: string, variable: string, port: number, isOurs: boolean, owner?: Owner }} Seen no owner: it is free
 */

/** @typedef {[name: string, key: string, variable: string, fallback: string]} Port `key` is its name in the URLs of `npm run local` */

/** @type {Port[]} */
const OF_SERVICES = Object.entries(SERVICES).map(([name, { port, portVariable }]) =>
  // Workers can be scaled, so they have a range.
  name === 'api-gateway'
    ? [name, 'API', portVariable, String(port)]
    : [name, name, portVariable, `${port}-${port + 9}`],
);

/** @type {Port[]} */
const PORTS = [
  ...OF_SERVICES.slice(0, 1),
  ['localstack', 'AWS endpoint', 'LOCALSTACK_PORT', '4566'],
  ...OF_SERVICES.slice(1),
];

/** Only with access tokens. @type {Port} */
const PROVIDER_PORT = ['identity-provider', 'OpenID provider', 'IDENTITY_PORT', '3040'];

const PORT_RANGE = /^\d{1,5}(?:-\d{1,5})?$/;

/** Proxy processes of Docker, Docker Desktop, rootless Docker, Colima and Podman. */
const PROXY =
  /(?:^|[/\\])(?:docker-proxy|dockerd|com\.docker\.\S+|vpnkit\S*|rootlessport\S*|rootlesskit|slirp4netns|pasta|gvproxy|limactl|conmon|wslrelay\S*)(?:\s|$)/;
/** A proxy may hold a port while its container restarts or has just ended. */
const COMES_AND_GOES = ['restarting', 'running', 'paused', 'removing'];

/**
 * The container that publishes the port, or requests it while one of Docker's proxies holds it.
 * @param {Container[]} containers @param {number} port
 * @param {string | undefined} command of the process that holds it
 */
function containerOn(containers, port, command) {
  const published = containers.find(({ ports }) => ports.includes(port));
  if (published || !command || !PROXY.test(command)) return published;
  const wants = containers.filter(({ wantedPorts = [] }) =>
    wantedPorts.some(([first, last]) => first <= port && port <= last),
  );
  return wants.find(({ state }) => COMES_AND_GOES.includes(state)) ?? wants[0];
}

/**
 * @param {Container | undefined} container @param {{ pid: number, command: string } | undefined} holder
 * @param {LeftBehind | undefined} leftBehind @returns {Owner}
 */
function ownerOf(container, holder, leftBehind) {
  if (container) return { container: container.name };
  if (!holder) return 'unknown';
  if (PROXY.test(holder.command)) return 'Docker';
  return leftBehind?.pids.includes(holder.pid) ? { ...holder, end: leftBehind.end } : holder;
}

/** @param {Seen} seen */
export function checkPort({ name, variable, port, isOurs, owner }) {
  const check = `Port of ${name}`;
  if (owner === undefined) return ok(check, `${port} is free`);
  if (isOurs) return ok(check, `${port}, held by this system`);
  const moved = `${variable}=${port + 10_000}`;
  return fail(
    check,
    `${port} is held by ${describeOwner(owner)}`,
    `${howToEnd(owner, port)}, or move: ${moved} docker compose up --build --wait   (or ${moved} npm run local)`,
  );
}

/** @param {LeftBehind} leftBehind */
export function checkLeftBehind({ pids, end }) {
  if (pids.length === 0) return [];
  return [warn('Processes', `npm run local was killed, and ${pids.length} of its processes are left`, end)];
}

/**
 * A running system's own ports are checked; otherwise, those that a start would use.
 * @param {{ settings: import('./surroundings.mjs').Settings, localRun: LocalRun | undefined, leftBehind?: LeftBehind, containers: Container[], project: string }} where
 */
export function checkPorts({ settings, localRun, leftBehind, containers, project }) {
  const ours = containers.filter((container) => container.project === project);
  const [name, key] = PROVIDER_PORT;
  const hasProvider = localRun?.urls[key] !== undefined || ours.some(({ service }) => service === name);
  return Promise.all(
    [...PORTS, ...(hasProvider ? [PROVIDER_PORT] : [])].map(async ([name, key, variable, fallback]) => {
      const url = localRun?.urls[key];
      const [published] = ours.filter(({ service }) => service === name).flatMap(({ ports }) => ports);
      const running = url === undefined ? published : Number(new URL(url).port);
      const wanted = settings(variable) ?? fallback;
      const port = running ?? (PORT_RANGE.test(wanted) ? Number(wanted.split('-')[0]) : NaN);
      if (port === 0) return ok(`Port of ${name}`, `${variable}=0: any free one`);
      if (!(port <= 65_535)) {
        return fail(`Port of ${name}`, `${variable}=${wanted} is no port`, `${variable}=${fallback}`);
      }
      if (await canListen(port)) return checkPort({ name, variable, port, isOurs: false });
      const holder = processOn(port);
      const container = containerOn(containers, port, holder?.command);
      const isOurs = running === port || (container !== undefined && ours.includes(container));
      return checkPort({ name, variable, port, isOurs, owner: ownerOf(container, holder, leftBehind) });
    }),
  );
}
