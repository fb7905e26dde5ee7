/** Ports and their listeners. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { askDocker } from './docker.mjs';
import { LocalError } from './fail.mjs';

const ANSWERS_WITHIN_MS = 2_000;

/** @param {number} port @returns {Promise<boolean>} */
export function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** @returns {Promise<number>} a port that nobody listened on a moment ago */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** @param {number} pid */
function readCommand(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], {
      ...{ encoding: 'utf8', timeout: ANSWERS_WITHIN_MS, stdio: ['ignore', 'pipe', 'ignore'] },
    });
  }
}

/** @param {number} pid */
export function commandOf(pid) {
  const unknown = 'unknown command';
  try {
    return readCommand(pid).trim().slice(0, 120) || unknown;
  } catch {
    return unknown;
  }
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
  const output = execFileSync('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN'], {
    encoding: 'utf8',
    timeout: ANSWERS_WITHIN_MS,
  });
  const [first] = output.trim().split('\n');
  return first ? Number(first) : undefined;
}

/** The container that publishes the port. Docker's proxy process would not help. @param {number} port */
function containerOn(port) {
  return (
    askDocker(['ps', '--filter', `publish=${port}`, '--format', '{{.Names}}'], ANSWERS_WITHIN_MS).stdout.trim() ||
    undefined
  );
}

/** The process that listens on the port, unless it is another user's. @param {number} port */
export function processOn(port) {
  try {
    const pid = process.platform === 'linux' ? ownerFromProc(port) : ownerFromLsof(port);
    if (pid !== undefined) return { pid, command: commandOf(pid) };
  } catch {
    // Without /proc and lsof the owner is unknown.
  }
  return undefined;
}

/** @param {number} port */
function describeOwner(port) {
  const container = containerOn(port);
  if (container) return `the container ${container} (docker stop ${container} ends it)`;
  const owner = processOn(port);
  if (owner) return `process ${owner.pid}: ${owner.command}`;
  return 'a process of another user; try: sudo lsof -i :' + String(port);
}

/**
 * The port from a variable: a number, the first of a range as in Compose, or any free one for 0.
 * @param {string} variable
 * @param {number} fallback
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
    throw new LocalError(
      `Port ${port} is taken by ${describeOwner(port)}`,
      `Stop that, or move: ${variable}=${port + 10_000} npm run local   (${variable}=0 takes any free port)`,
    );
  }
  return port;
}
