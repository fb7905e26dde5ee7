/** Ports and their listeners. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { askDocker } from './docker.mjs';
import { LocalError } from './fail.mjs';

/** @typedef {{ container: string } | { pid: number, command: string, end?: string | undefined } | 'Docker' | 'unknown'} Owner of a port; `end` is the command that ends it, if not kill */

const ANSWERS_WITHIN_MS = 2_000;

/** Listens for a moment. @param {number} port @returns {Promise<number | undefined>} undefined if it is taken */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const held = /** @type {import('node:net').AddressInfo} */ (server.address()).port;
      server.close(() => resolve(held));
    });
  });
}

/** @param {number} port */
export async function canListen(port) {
  return (await tryPort(port)) !== undefined;
}

/** A port on which nothing listened a moment ago. */
export async function freePort() {
  const port = await tryPort(0);
  if (port === undefined) throw new LocalError('No port is free.', 'End some programs and run this again.');
  return port;
}

/** @param {number} pid */
export function commandOf(pid) {
  let command;
  try {
    command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    const options = { encoding: /** @type {const} */ ('utf8'), timeout: ANSWERS_WITHIN_MS };
    command = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], options).stdout ?? '';
  }
  return command.trim().slice(0, 120) || 'unknown command';
}

/** Finds the process with a listening socket, from /proc. @param {number} port */
function ownerFromProc(port) {
  const LISTEN = '0A';
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
      readFileSync(table, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local, , state]) => state === LISTEN && Number.parseInt(local?.split(':')[1] ?? '', 16) === port)
        .map((fields) => `socket:[${fields[9]}]`),
    ),
  );
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const descriptors = readdirSync(`/proc/${pid}/fd`);
      if (descriptors.some((fd) => inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`)))) return Number(pid);
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
  return undefined;
}

/** @param {number} port */
function ownerFromLsof(port) {
  const options = { encoding: /** @type {const} */ ('utf8'), timeout: ANSWERS_WITHIN_MS };
  const { stdout } = spawnSync('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN'], options);
  // One line for each process; null without lsof.
  return Number.parseInt(stdout, 10) || undefined;
}

/** The process that listens on the port, unless it is another user's. @param {number} port */
export function processOn(port) {
  try {
    const pid = process.platform === 'linux' ? ownerFromProc(port) : ownerFromLsof(port);
    if (pid !== undefined) return { pid, command: commandOf(pid) };
  } catch {
    // Without /proc the owner is unknown.
  }
  return undefined;
}

/** @param {Owner} owner */
export function describeOwner(owner) {
  if (owner === 'Docker') return 'Docker, for a container';
  if (owner === 'unknown') return 'a process of another user';
  return 'container' in owner ? `the container ${owner.container}` : `process ${owner.pid}: ${owner.command}`;
}

/** The command that ends or names the owner. @param {Owner} owner @param {number} port */
export function howToEnd(owner, port) {
  if (owner === 'Docker') return `docker ps --all --filter publish=${port}   (names it)`;
  if (owner === 'unknown') return `sudo lsof -i :${port}   (names it)`;
  return 'container' in owner ? `docker stop ${owner.container}` : (owner.end ?? `kill ${owner.pid}`);
}

/** Prefers the container to Docker's proxy process. @param {number} port @returns {Owner} */
function ownerOf(port) {
  const ps = ['ps', '--filter', `publish=${port}`, '--format', '{{.Names}}'];
  const container = askDocker(ps, ANSWERS_WITHIN_MS).stdout.trim();
  return container ? { container } : (processOn(port) ?? 'unknown');
}

/**
 * The port from a variable: a number, the first of a range as in Compose, or any free one for 0.
 * @param {string} variable @param {number} fallback
 */
export async function choosePort(variable, fallback) {
  const given = process.env[variable]?.trim() || String(fallback);
  const [first = ''] = given.split('-');
  const port = Number(first);
  if (!/^\d+(-\d+)?$/.test(given) || port > 65_535) {
    throw new LocalError(
      `${variable} must be a port, a range of ports, or 0 for any free one.`,
      `For example: ${variable}=${fallback}`,
    );
  }
  if (port === 0) return freePort();
  if (!(await canListen(port))) {
    const owner = ownerOf(port);
    throw new LocalError(
      `Port ${port} is taken by ${describeOwner(owner)}`,
      `${howToEnd(owner, port)}, or move: ${variable}=${port + 10_000} npm run local   (${variable}=0 takes any free port)`,
    );
  }
  return port;
}
